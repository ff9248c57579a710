import { execa } from 'execa';

export interface LocalGpu {
  name: string;
  memoryBytes: number;
}

/** GPUs of this machine as the driver lists them; none where there is no driver. */
export async function findGpus(): Promise<LocalGpu[]> {
  const result = await execa('nvidia-smi', ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'], { reject: false });
  if (result.exitCode !== 0) return [];
  return result.stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [name, mebibytes] = line.split(', ');
      return { name: name as string, memoryBytes: Number(mebibytes) * 2 ** 20 };
    });
}
