import type { FineTuningRequestInput } from '../../src/contract/request.js';
import type { RunnerPlan } from '../../src/contract/runner-plan.js';
import { exportPlan, generatePlan, initPlan, tokensPlan, trainPlan } from '../../src/domain/runner-plans.js';
import { datasetManifest } from '../fixtures/job-spec.js';
import { runPlan } from '../fixtures/run-plan.js';

const MODEL = 'e'.repeat(64);

const REQUESTS: Record<string, FineTuningRequestInput> = {
  'of the default request': {},
  'with every choice made by hand': {
    training: {
      precision: 'bf16',
      schedule: 'linear',
      weightDecay: 0.1,
      activationCheckpointing: true,
      microBatchRows: 2,
      seed: 0,
    },
    evaluation: { batchItems: 1 },
  },
  'of 13 billion parameters on 16 GPUs': {
    model: 'llama-2-13b',
    cluster: { nodes: 2, ranksPerNode: 8, accelerator: 'gpu-24gb' },
  },
};

/** Plans of every command as the acts of a run write them, by what they are. */
export function writtenPlans(): Record<string, RunnerPlan> {
  const plans = Object.entries(REQUESTS).flatMap(([of, request]): [string, RunnerPlan][] => {
    const plan = runPlan(request);
    const train = (maxSteps: number | null, step: number | null): RunnerPlan =>
      trainPlan(plan, datasetManifest, MODEL, {
        jobFolder: 'jobs/round-0-t1',
        maxSteps,
        resume: step === null ? null : { trajectory: 1, step },
      });
    return [
      [`init ${of}`, initPlan(plan, datasetManifest, 'jobs/init/output')],
      [`tokens ${of}`, tokensPlan(plan, datasetManifest, MODEL)],
      [`train ${of}`, train(null, null)],
      [`smoke test ${of}`, train(2, null)],
      [`resumed train ${of}`, train(null, 100)],
      [
        `generate ${of}`,
        generatePlan(plan, datasetManifest, {
          models: [
            { name: 'before', path: `models/${MODEL}` },
            { name: 'epoch-1', path: 'runs/k/rounds/0/epochs/1' },
          ],
          items: 'items.jsonl',
          shard: { index: 1, count: 2 },
          predictions: 'predictions-1.jsonl',
          maxNewTokens: 90,
        }),
      ],
    ];
  });
  return {
    ...Object.fromEntries(plans),
    export: exportPlan('epochs/1', 'card.md', 'jobs/export/output'),
    describe: { command: 'describe' },
    // No act samples yet; the border has it all the same.
    'generate by sampling': {
      ...generatePlan(runPlan(), datasetManifest, {
        models: [{ name: 'a', path: 'a' }],
        items: 'i',
        shard: { index: 0, count: 1 },
        predictions: 'p',
        maxNewTokens: 1,
      }),
      sampling: { temperature: 0.7, top_p: 0.9 },
    },
  };
}
