import { describe, expect, test } from 'vitest';
import { rankEnvironment } from '../../../src/platform/runner/rank-environment.js';
import { describeJob, trainJob } from '../../fixtures/job-spec.js';

const options = { python: '/p', packageFolder: '/package', env: { PATH: '/bin', HOME: '/root' } };
const ranks = { first: 4, count: 2, worldSize: 8, threads: 3 };

describe('the environment of a rank', () => {
  test('says who it is and where its peers are', () => {
    const env = rankEnvironment(trainJob({ ranks, rendezvous: { address: '10.0.0.7', port: 29_501 } }), 1, options);
    expect(env).toMatchObject({
      RANK: '5',
      LOCAL_RANK: '1',
      WORLD_SIZE: '8',
      LOCAL_WORLD_SIZE: '2',
      MASTER_ADDR: '10.0.0.7',
      MASTER_PORT: '29501',
      OMP_NUM_THREADS: '3',
      FORMWORK_JOB_ID: 'round-0-t0',
      PYTHONPATH: '/package',
    });
  });

  test('lets no rank give its peers up before its supervisor does', () => {
    const limits = { setupSeconds: 60, stepSeconds: 10, checkpointSeconds: 86_400 };
    expect(Number(rankEnvironment(trainJob({ limits }), 0, options)['GPU_RUNNER_COLLECTIVE_SECONDS'])).toBeGreaterThan(86_400);
  });

  test('names the accelerator of the plan, where the plan has one', () => {
    expect(rankEnvironment(trainJob(), 0, options)['DS_ACCELERATOR']).toBe('cpu');
    expect(rankEnvironment(describeJob(), 0, options)).not.toHaveProperty('DS_ACCELERATOR');
  });

  test('shares the GPUs of a machine out among its nodes, of those that are visible', () => {
    const plan = { ...trainJob().plan, device: 'cuda' as const };
    const gpus = (first: number, env: NodeJS.ProcessEnv): string | undefined =>
      rankEnvironment({ ...trainJob({ ranks: { ...ranks, first } }), plan }, 0, { ...options, env })['CUDA_VISIBLE_DEVICES'];
    expect([0, 2].map((first) => gpus(first, { FORMWORK_SHARED_MACHINE: '1' }))).toEqual(['0,1', '2,3']);
    expect(gpus(2, { FORMWORK_SHARED_MACHINE: '1', CUDA_VISIBLE_DEVICES: '4,5,6,7' })).toBe('6,7');
    expect(gpus(2, {})).toBeUndefined();
  });

  test('never lets a model come from a hub', () => {
    expect(rankEnvironment(describeJob(), 0, options)['HF_HUB_OFFLINE']).toBe('1');
  });

  test.each([
    'PATH',
    'HOME',
    'LANG',
    'LC_ALL',
    'TZ',
    'LD_LIBRARY_PATH',
    'CUDA_VISIBLE_DEVICES',
    'NCCL_DEBUG',
    'TORCH_LOGS',
    'FORMWORK_NODE_FOLDER',
  ])('inherits %s', (name) => {
    expect(rankEnvironment(describeJob(), 0, { ...options, env: { [name]: 'x' } })[name]).toBe('x');
  });

  test.each([
    'AWS_ACCESS_KEY_ID',
    'TEMPORAL_ADDRESS',
    'TEMPORAL_API_KEY',
    'GITHUB_TOKEN',
    'HF_TOKEN',
    'MY_PATH',
    'NODE_OPTIONS',
    'FORMWORK_PYTHON',
  ])('does not inherit %s', (name) => {
    expect(rankEnvironment(describeJob(), 0, { ...options, env: { [name]: 'x' } })).not.toHaveProperty(name);
  });

  test('is its own where the node has other ranks in its environment', () => {
    const env = { RANK: '99', MASTER_ADDR: 'elsewhere', PYTHONPATH: '/mine', OMP_NUM_THREADS: '64' };
    expect(rankEnvironment(describeJob(), 0, { ...options, env })).toMatchObject({
      RANK: '0',
      PYTHONPATH: '/package',
      OMP_NUM_THREADS: '1',
    });
  });
});
