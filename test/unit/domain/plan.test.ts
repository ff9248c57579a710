import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RunPlan } from '../../../src/contract/plan.js';
import { FineTuningRequest, type FineTuningRequestInput } from '../../../src/contract/request.js';
import { Failure } from '../../../src/domain/failures.js';
import { KNOWN_MODELS } from '../../../src/domain/model-shape.js';
import { memorySum, resolvePlan } from '../../../src/domain/plan.js';
import { TINY_TRAINING } from '../../../src/domain/tiny-model.js';
import { failure, thrownBy } from '../../fixtures/failure.js';
import { planFacts, runPlan } from '../../fixtures/run-plan.js';

const refusal = (request: FineTuningRequestInput): Failure => thrownBy(() => runPlan(request)) as Failure;
const gpu = { name: 'card', memoryBytes: 80e9 };
const onGpus = (count: number): Parameters<typeof runPlan>[1] => ({
  machine: { cpuCores: 32, memoryBytes: 256e9, gpus: Array.from({ length: count }, () => gpu) },
});

describe('the plan of {}', () => {
  const plan = runPlan();

  test('is practice rows for the tiny model on two local nodes of one CPU rank', () => {
    expect(plan.data).toEqual({ kind: 'practice', seed: 17 });
    expect(plan.model).toMatchObject({ name: 'tiny', source: { kind: 'tiny' } });
    expect(plan.cluster).toEqual({
      provider: 'local',
      nodes: 2,
      ranksPerNode: 1,
      worldSize: 2,
      device: 'cpu',
      threadsPerRank: 1,
      memoryBytesPerRank: 12e9,
      leaseMinutes: 30,
      pricePerNodeHourUsd: 0,
    });
  });

  test('trains by ZeRO-2 in fp32 without recomputation, a batch of the tiny model in one pass', () => {
    const { learningRate, contextTokens, batchTokens, checkpointEverySteps } = TINY_TRAINING;
    expect(plan.training).toMatchObject({
      ...{ learningRate, contextTokens, checkpointEverySteps },
      microBatchRows: batchTokens / contextTokens / 2,
      accumulationSteps: 1,
      zeroStage: 2,
      precision: 'fp32',
      activationCheckpointing: false,
    });
  });

  test('lets several epochs answer all validation rows, as long as the training rows ask for', () => {
    expect(plan.evaluation).toMatchObject({ maxNewTokens: null, validationItems: null });
    expect(plan.evaluation.lastEpochs).toBeGreaterThan(1);
  });

  test('keeps the contract', () => {
    expect(RunPlan.parse(plan)).toEqual(plan);
  });
});

describe('choices', () => {
  test('a pre-trained model gets 256 rows of 512 tokens and a hundredth of the learning rate', () => {
    const { training } = runPlan({ model: 'llama-2-7b', cluster: { nodes: 8, accelerator: 'gpu-80gb' } });
    expect(training).toMatchObject({ learningRate: 2e-5, contextTokens: 512, precision: 'bf16', checkpointEverySteps: 100 });
    expect(training.microBatchRows * training.accumulationSteps * 8).toBe(256);
  });

  test('the context of a model with fewer positions is what the model has', () => {
    const modelConfig = { ...KNOWN_MODELS['llama-2-7b'], ...SMALL, max_position_embeddings: 128 };
    expect(runPlan({ model: 'path:m' }, { modelConfig }).training.contextTokens).toBe(128);
  });

  test('GPUs are used where each rank has one, and the smallest counts', () => {
    const small = { name: 'card', memoryBytes: 24e9 };
    const machine = { cpuCores: 8, memoryBytes: 64e9, gpus: [gpu, small] };
    expect(runPlan({}, { machine }).cluster).toMatchObject({ device: 'cuda', memoryBytesPerRank: 24e9, threadsPerRank: 4 });
  });

  test('two ranks on a machine with one GPU compute on the CPU', () => {
    expect(runPlan({}, onGpus(1)).cluster.device).toBe('cpu');
    expect(runPlan({ cluster: { nodes: 1 } }, onGpus(1)).cluster.device).toBe('cuda');
  });

  test('limits of ranks are longer on GPUs, which load larger models', () => {
    const [cpu, cuda] = [runPlan(), runPlan({}, onGpus(2))];
    expect(cuda.limits.setupSeconds).toBeGreaterThan(cpu.limits.setupSeconds);
  });

  test('limits that are asked for hold, and the others are those of the device', () => {
    const limits = { stepSeconds: 20, checkpointSeconds: 600 };
    expect(runPlan({ limits }).limits).toEqual({ ...runPlan().limits, ...limits });
    expect(runPlan({ limits }, onGpus(2)).limits).toEqual({ ...runPlan({}, onGpus(2)).limits, ...limits });
  });

  test('a lease lasts as long as asked for, on any device', () => {
    const cluster = { leaseMinutes: 7 };
    expect([runPlan({ cluster }), runPlan({ cluster }, onGpus(2))].map((plan) => plan.cluster.leaseMinutes)).toEqual([7, 7]);
  });

  test('a single rank shards nothing', () => {
    expect(runPlan({ cluster: { nodes: 1 } }).training.zeroStage).toBe(0);
  });

  test('an explicit choice is taken as it is', () => {
    const training = {
      learningRate: 1e-4,
      contextTokens: 128,
      microBatchRows: 2,
      zeroStage: 3,
      precision: 'bf16',
      activationCheckpointing: true,
      checkpointEverySteps: 7,
    } as const;
    expect(runPlan({ training: { ...training, batchTokens: 1024 } }).training).toMatchObject({ ...training, accumulationSteps: 2 });
  });

  test('no more epochs are candidates than there are', () => {
    expect(runPlan({ training: { epochs: 2 } }).evaluation.lastEpochs).toBe(2);
    expect(runPlan({ evaluation: { lastEpochs: 100 } }).evaluation.lastEpochs).toBe(8);
  });

  test('paths become absolute, and a split without a file is held out', () => {
    const { data, model } = runPlan(
      { data: { train: 'file:a.csv', test: 'file:t.csv' }, model: 'path:m' },
      { modelConfig: { ...KNOWN_MODELS['llama-2-7b'], ...SMALL } },
    );
    expect(data).toMatchObject({ kind: 'files', train: '/base/a.csv', validation: null, test: '/base/t.csv' });
    expect(model.source).toEqual({ kind: 'directory', path: '/base/m' });
  });
});

describe('a refusal', () => {
  test('names every problem at once, each with its path', () => {
    const { kind, facts, message } = refusal({
      data: { train: 'practise', validation: 'rows.csv', test: 'file:' },
      training: { contextTokens: 4096, microBatchRows: 7 },
    });
    expect(kind).toBe('InvalidRequest');
    const problems = facts['problems'] as { path: string }[];
    expect(problems.map(({ path }) => path)).toEqual([
      'data.train',
      'data.validation',
      'data.test',
      'training.contextTokens',
      'training.microBatchRows',
    ]);
    expect(message).toContain('5 problems');
  });

  test('says what each split may be', () => {
    const { message } = refusal({ data: { train: 'practise', validation: 'rows.csv' } });
    expect(message).toContain('data.train: expected practice or file:<path>, got "practise"');
    expect(message).toContain('data.validation: expected auto or file:<path>, got "rows.csv"');
  });

  test('practice rows bring their own validation and test', () => {
    expect(refusal({ data: { test: 'file:t.csv' } })).toEqual(failure('InvalidRequest', /data\.test: expected auto or practice/));
  });

  test('an unknown model is refused with what there is', () => {
    expect(refusal({ model: 'llama-9' })).toEqual(failure('InvalidRequest', /expected tiny, path:<directory>.*got "llama-9"/));
  });

  test.each(['constructor', '__proto__', 'toString'])('the model name %s, which every object knows, is unknown', (model) => {
    expect(refusal({ model })).toEqual(failure('InvalidRequest', /expected tiny, path:<directory>/));
  });

  test('a micro-batch that does not divide the rows of a rank is refused with the rows', () => {
    expect(refusal({ training: { microBatchRows: 3 } })).toEqual(
      failure('InvalidRequest', /training\.microBatchRows: expected a divisor of 8.*got 3/),
    );
  });

  test('a model too large says the sum, the budget and how many ranks would do', () => {
    const large = refusal({ model: 'llama-2-70b', cluster: { nodes: 8, accelerator: 'gpu-80gb' } });
    expect(large).toEqual(failure('DoesNotFit', /llama-2-70b \(68\.98 billion parameters\).*may use 77\.0 GB.*about \d+ ranks/));
    const ranks = Number(/about (\d+) ranks/.exec(large.message)?.[1]);
    expect(ranks).toBeGreaterThan(8);
    const enough = { nodes: Math.ceil(ranks / 8), ranksPerNode: 8, accelerator: 'gpu-80gb' } as const;
    expect(() => runPlan({ model: 'llama-2-70b', cluster: enough })).not.toThrow();
  });
});

describe('any request of the contract', () => {
  const training = fc.record(
    {
      epochs: fc.integer({ min: 1, max: 50 }),
      contextTokens: fc.oneof(fc.constant('auto' as const), fc.integer({ min: 16, max: 512 })),
      batchTokens: fc.oneof(fc.constant('auto' as const), fc.integer({ min: 16, max: 200_000 })),
      zeroStage: fc.constantFrom('auto' as const, 0, 1, 2, 3),
      activationCheckpointing: fc.constantFrom('auto' as const, true, false),
      precision: fc.constantFrom('auto' as const, 'fp32' as const, 'bf16' as const),
    },
    { requiredKeys: [] },
  );
  const cluster = fc.record(
    { nodes: fc.integer({ min: 1, max: 64 }), ranksPerNode: fc.integer({ min: 1, max: 16 }) },
    { requiredKeys: [] },
  );

  test('gives a plan of the contract without an open choice, or a refusal', () => {
    fc.assert(
      fc.property(training, cluster, fc.constantFrom('tiny', 'llama-2-7b', 'llama-2-13b'), (t, c, model) => {
        const request = FineTuningRequest.parse({ training: t, cluster: { ...c, accelerator: 'gpu-80gb' }, model });
        const plan = planOrNull(request);
        if (plan === null) return;
        expect(RunPlan.parse(plan)).toEqual(plan);
        const { request: _asked, ...made } = plan;
        expect(JSON.stringify(made)).not.toMatch(/"auto"|NaN/);
      }),
      { numRuns: 300 },
    );
  });

  test('has a batch of micro-batch x accumulation x ranks rows, as near to what was asked as whole rows of all ranks allow', () => {
    fc.assert(
      fc.property(training, cluster, (t, c) => {
        const plan = planOrNull(FineTuningRequest.parse({ training: t, cluster: { ...c, accelerator: 'gpu-80gb' } }));
        if (plan === null) return;
        const { microBatchRows, accumulationSteps, contextTokens } = plan.training;
        expect(Number.isInteger(accumulationSteps)).toBe(true);
        const tokens = microBatchRows * accumulationSteps * plan.cluster.worldSize * contextTokens;
        const asked = plan.request.training.batchTokens === 'auto' ? TINY_TRAINING.batchTokens : plan.request.training.batchTokens;
        const oneRowEach = plan.cluster.worldSize * contextTokens;
        expect(Math.abs(tokens - asked)).toBeLessThanOrEqual(Math.max(oneRowEach / 2, oneRowEach - asked));
      }),
      { numRuns: 300 },
    );
  });
});

test('the memory sum in words has every term', () => {
  const { memory } = runPlan({ model: 'llama-2-13b', cluster: { nodes: 2, ranksPerNode: 8, accelerator: 'gpu-24gb' } });
  expect(memorySum(memory.chosen)).toMatch(
    /^\d+\.\d GB \(ZeRO-3: \d+\.\d GB states and \d+\.\d GB activations, \d+\.\d GB at the step, \d+\.\d GB gathered layers\)$/,
  );
});

const SMALL = {
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 2,
  vocab_size: 1000,
  max_position_embeddings: 1024,
};

function planOrNull(request: FineTuningRequest): RunPlan | null {
  try {
    return resolvePlan(request, planFacts());
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}
