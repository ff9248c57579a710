/** Memory as the driver reports it, MiB: an 80 GB card has 81,559, less than 80 GiB. */
const MEMORY_MIB = {
  'gpu-24gb': 24_564,
  'gpu-40gb': 40_960,
  'gpu-48gb': 46_068,
  'gpu-80gb': 81_559,
  'gpu-141gb': 143_771,
} as const;

export type GpuName = keyof typeof MEMORY_MIB;

export const gpuMemoryBytes = (name: GpuName): number => MEMORY_MIB[name] * 2 ** 20;
