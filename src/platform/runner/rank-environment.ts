import type { JobSpec } from '../../contract/job.js';

/** What a rank inherits. An allow-list: keys of clouds and of the server never reach Python. */
const INHERITED =
  /^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|LD_LIBRARY_PATH|CUDA_.*|NVIDIA_.*|NCCL_.*|GLOO_.*|TORCH_.*|TRITON_.*|FORMWORK_(HOME|INSTALLATION|NODE_FOLDER))$/;

/**
 * A rank whose peers are silent gives up by itself so long after any limit of its supervisor, which knows better what is wrong and is
 * to end it first. Only ranks that have lost theirs get so far.
 */
const BEYOND_LIMITS_SECONDS = 600;

export interface RankSurroundings {
  /** Folder of the package gpu_runner. */
  packageFolder: string;
  env: NodeJS.ProcessEnv;
}

/** Environment of one local rank: where its peers are, how many threads it has, what it computes on. */
export function rankEnvironment(spec: JobSpec, localRank: number, options: RankSurroundings): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(options.env)) if (INHERITED.test(name)) env[name] = value;
  const device = 'device' in spec.plan ? spec.plan.device : null;
  const networkInterface = options.env['FORMWORK_RANK_INTERFACE'];
  return {
    ...env,
    ...(networkInterface === undefined ? {} : { GLOO_SOCKET_IFNAME: networkInterface, NCCL_SOCKET_IFNAME: networkInterface }),
    // DeepSpeed's own detection of an accelerator can take tens of seconds on a CPU machine.
    ...(device === null ? {} : { DS_ACCELERATOR: device }),
    ...(device === 'cuda' && options.env['FORMWORK_SHARED_MACHINE'] !== undefined
      ? { CUDA_VISIBLE_DEVICES: ownGpus(spec, env) }
      : {}),
    FORMWORK_JOB_ID: spec.jobId,
    RANK: String(spec.ranks.first + localRank),
    LOCAL_RANK: String(localRank),
    WORLD_SIZE: String(spec.ranks.worldSize),
    LOCAL_WORLD_SIZE: String(spec.ranks.count),
    MASTER_ADDR: spec.rendezvous?.address ?? '127.0.0.1',
    MASTER_PORT: String(spec.rendezvous?.port ?? 0),
    OMP_NUM_THREADS: String(spec.ranks.threads),
    GPU_RUNNER_COLLECTIVE_SECONDS: String(Math.max(...Object.values(spec.limits)) + BEYOND_LIMITS_SECONDS),
    PYTHONPATH: options.packageFolder,
    PYTHONUNBUFFERED: '1',
    // The environment was compiled when it was installed; our own few files are not worth a folder outside the home.
    PYTHONDONTWRITEBYTECODE: '1',
    // Models come from the store, never from a hub.
    HF_HUB_OFFLINE: '1',
    TOKENIZERS_PARALLELISM: 'false',
  };
}

/** Nodes of one machine would all begin with its first GPU: each takes as many as it has ranks, in order of rank. */
function ownGpus({ ranks }: JobSpec, env: NodeJS.ProcessEnv): string {
  const last = ranks.first + ranks.count;
  const visible = env['CUDA_VISIBLE_DEVICES']?.split(',') ?? Array.from({ length: last }, (_, index) => String(index));
  return visible.slice(ranks.first, last).join(',');
}
