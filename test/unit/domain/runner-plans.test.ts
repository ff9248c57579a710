import { describe, expect, test } from 'vitest';
import { RunnerPlan } from '../../../src/contract/runner-plan.js';
import { exportPlan, generatePlan, initPlan, tokensPlan, trainPlan } from '../../../src/domain/runner-plans.js';
import { TINY_MODEL } from '../../../src/domain/tiny-model.js';
import { datasetManifest } from '../../fixtures/job-spec.js';
import { runPlan } from '../../fixtures/run-plan.js';

const plan = runPlan();
const folder = `datasets/${datasetManifest.id}`;
const train = (options: Partial<Parameters<typeof trainPlan>[3]> = {}): ReturnType<typeof trainPlan> =>
  trainPlan(plan, datasetManifest, 'm1', { jobFolder: 'jobs/j', maxSteps: null, resume: null, ...options });

test('every plan keeps the contract with Python', () => {
  const plans = [
    initPlan(plan, datasetManifest, 'jobs/j/output'),
    tokensPlan(plan, datasetManifest, 'm1'),
    train(),
    train({ maxSteps: 2, resume: { trajectory: 1, step: 100 } }),
    generatePlan(plan, datasetManifest, {
      models: [{ name: 'epoch-1', path: 'runs/k/epochs/1' }],
      items: 'items.jsonl',
      shard: { index: 1, count: 2 },
      predictions: 'predictions-1.jsonl',
      maxNewTokens: 90,
    }),
    exportPlan('epochs/1', 'card.md', 'jobs/j/output'),
  ];
  for (const one of plans) expect(RunnerPlan.parse(one)).toEqual(one);
});

describe('init', () => {
  test('makes the tiny model in the shape that the memory sum was made for', () => {
    const { vocabulary_size, hidden_size, num_layers, max_positions } = initPlan(plan, datasetManifest, 'out');
    expect({ vocabulary_size, hidden_size, num_layers, max_positions }).toEqual({
      vocabulary_size: plan.model.shape.vocabularySize,
      hidden_size: plan.model.shape.hiddenSize,
      num_layers: plan.model.shape.layers,
      max_positions: plan.model.shape.maxPositions,
    });
    expect(hidden_size % TINY_MODEL.num_attention_heads).toBe(0);
  });
});

describe('the test split', () => {
  test('is in no plan but where it is asked for', () => {
    const plans = [initPlan(plan, datasetManifest, 'out'), tokensPlan(plan, datasetManifest, 'm1'), train()];
    expect(JSON.stringify(plans)).not.toContain('test.jsonl');
  });
});

describe('train', () => {
  test('carries the numbers of the plan', () => {
    expect(train()).toMatchObject({
      train_rows: `${folder}/train.jsonl`,
      validation_rows: `${folder}/validation.jsonl`,
      micro_batch_rows: plan.training.microBatchRows,
      accumulation_steps: plan.training.accumulationSteps,
      world_size: plan.cluster.worldSize,
      zero_stage: plan.training.zeroStage,
      seed: plan.training.seed,
      model: { path: 'models/m1', special_tokens: datasetManifest.specialTokens, stop_token: '<END_A>' },
      max_steps: null,
      resume: null,
    });
  });

  test('writes below the folder of its job', () => {
    expect(train()).toMatchObject({ checkpoints: 'jobs/j/checkpoints', snapshots: 'jobs/j/epochs' });
  });

  test('takes no validation loss where a number of steps decides, as in a smoke test', () => {
    expect(train({ maxSteps: 2 })).toMatchObject({ validation_rows: null, max_steps: 2 });
  });

  test('resumes from the folder that the checkpoint is staged in', () => {
    expect(train({ resume: { trajectory: 3, step: 100 } }).resume).toEqual({ step: 100, path: 'jobs/j/resume/step-00000100' });
  });
});

test('every model of an evaluation opens with the tokens of the data set', () => {
  const models = [
    { name: 'epoch-1', path: 'a' },
    { name: 'epoch-2', path: 'b' },
  ];
  const options = { models, items: 'i', shard: { index: 0, count: 1 }, predictions: 'p', maxNewTokens: 1 };
  const generate = generatePlan(plan, datasetManifest, options);
  expect(generate.models.map(({ name, stop_token }) => [name, stop_token])).toEqual([
    ['epoch-1', '<END_A>'],
    ['epoch-2', '<END_A>'],
  ]);
  expect(generate.sampling).toBeNull();
});
