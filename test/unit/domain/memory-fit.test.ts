import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MemoryFit } from '../../../src/contract/plan.js';
import { gpuMemoryBytes, type GpuName } from '../../../src/domain/accelerators.js';
import { memoryFit, type FitQuestion } from '../../../src/domain/memory-fit.js';
import { KNOWN_MODELS, modelShape, type ModelConfig } from '../../../src/domain/model-shape.js';
import { failure, thrownBy } from '../../fixtures/failure.js';
import { CLUSTERS, FITTING, NOT_FITTING, type ClusterName } from '../../fixtures/published-models.js';
import { runPlan } from '../../fixtures/run-plan.js';

const gigabytes = (bytes: number): number => bytes / 1e9;
const parameters = (model: string): number => modelShape(KNOWN_MODELS[model] as ModelConfig).parameters;

const chosenFor = (model: string, cluster: ClusterName): MemoryFit => runPlan({ model, cluster: CLUSTERS[cluster] }).memory.chosen;

describe('published models', () => {
  test.each([
    ['llama-2-7b', 6_738_415_616],
    ['llama-2-13b', 13_015_864_320],
    ['llama-2-70b', 68_976_648_192],
  ])('%s has %i parameters', (model, count) => {
    expect(parameters(model)).toBe(count);
  });

  test('a tied output layer counts once', () => {
    const config = KNOWN_MODELS['llama-2-7b'] as ModelConfig;
    const tied = modelShape({ ...config, tie_word_embeddings: true });
    expect(parameters('llama-2-7b') - tied.parameters).toBe(32_000 * 4096);
  });

  test('heads of a width of their own count as wide as they are', () => {
    const config = KNOWN_MODELS['llama-2-7b'] as ModelConfig;
    expect(modelShape({ ...config, head_dim: 128 })).toEqual(modelShape(config));
    expect(modelShape({ ...config, head_dim: 64 }).parameters).toBe(parameters('llama-2-7b') - (32 * 4 * 4096 * 4096) / 2);
  });

  test.each(FITTING)('$model on $cluster fits with $gigabytes GB at the step', (row) => {
    const chosen = chosenFor(row.model, row.cluster);
    expect(chosen).toMatchObject({ zeroStage: row.zeroStage, fits: true });
    expect(Math.abs(gigabytes(chosen.stepBytes) - row.gigabytes)).toBeLessThanOrEqual(row.within);
    if (row.recomputes) expect(chosen.activationCheckpointing).toBe(true);
  });

  test.each(NOT_FITTING)('$model on $cluster does not fit: $gigabytes GB at the step at best', (row) => {
    const refused = thrownBy(() => chosenFor(row.model, row.cluster));
    expect(refused).toEqual(failure('DoesNotFit', new RegExp(`${row.gigabytes.toFixed(1)} GB at the step`)));
  });

  test('13 billion parameters by ZeRO-1 would need 78.1 GB of the 77.0 that 80 GB cards give', () => {
    const { considered } = runPlan({ model: 'llama-2-13b', cluster: CLUSTERS['8 x 80 GB'] }).memory;
    const [first] = considered;
    expect(first).toMatchObject({ zeroStage: 1, fits: false });
    expect(gigabytes(first?.stepBytes ?? 0)).toBeCloseTo(78.1, 1);
    expect(gigabytes(first?.budgetBytes ?? 0)).toBeCloseTo(77.0, 1);
  });

  test.each<[GpuName, number]>([
    ['gpu-24gb', 25.8],
    ['gpu-80gb', 85.5],
    ['gpu-141gb', 150.8],
  ])('%s has %f GB', (name, size) => {
    expect(gigabytes(gpuMemoryBytes(name))).toBeCloseTo(size, 1);
  });
});

describe('the sum of one rank', () => {
  const question: FitQuestion = {
    shape: { parameters: 1000, layers: 4, hiddenSize: 8, vocabularySize: 10, maxPositions: 64 },
    worldSize: 4,
    memoryBytesPerRank: 1e6,
    precision: 'bf16',
    contextTokens: 16,
    microBatchRows: 2,
    zeroStage: 0,
    activationCheckpointing: false,
  };

  test.each([
    [0, 16_000, 20_000],
    [1, 4000 + 3000, 4000 + 4000],
    [2, 2000 + 3500, 2000 + 4500],
    [3, 4000, 5000],
  ])('of ZeRO-%i is %i bytes through the passes and %i at the step', (zeroStage, stateBytes, stepBytes) => {
    expect(memoryFit({ ...question, zeroStage })).toMatchObject({ stateBytes, stepBytes });
  });

  test('in fp32 has no second copy of the gradients', () => {
    const fit = memoryFit({ ...question, precision: 'fp32' });
    expect(fit).toMatchObject({ stateBytes: 20_000, stepBytes: 20_000 });
  });

  test('has 34 b s h bytes a layer and 6 b s V of logits', () => {
    expect(memoryFit(question).activationBytes).toBe(34 * 32 * 8 * 4 + 6 * 32 * 10);
  });

  test('with recomputation keeps 2 b s h a layer and one layer', () => {
    const fit = memoryFit({ ...question, activationCheckpointing: true });
    expect(fit.activationBytes).toBe(2 * 32 * 8 * 4 + 34 * 32 * 8 + 6 * 32 * 10);
  });

  test('peaks at the larger of activations and step, since activations are freed by then', () => {
    const small = memoryFit({ ...question, contextTokens: 1, microBatchRows: 1 });
    expect(small.peakBytes).toBe(small.stepBytes);
    const large = memoryFit(question);
    expect(large.peakBytes).toBe(large.stateBytes + large.activationBytes);
  });

  test('of ZeRO-3 adds two layers and the embedding, whole', () => {
    expect(memoryFit({ ...question, zeroStage: 3 }).gatheredBytes).toBe((2 * ((1000 - 80) / 4) + 80) * 2);
  });

  test('leaves a tenth of the memory free', () => {
    expect(memoryFit(question).budgetBytes).toBe(900_000);
  });
});

describe('the fit is monotone', () => {
  const questions: fc.Arbitrary<FitQuestion> = fc.record({
    shape: fc
      .tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 16, max: 8192 }), fc.integer({ min: 100, max: 128_000 }))
      .map(([layers, hiddenSize, vocabularySize]) => ({
        parameters: layers * 12 * hiddenSize ** 2 + 2 * vocabularySize * hiddenSize,
        layers,
        hiddenSize,
        vocabularySize,
        maxPositions: 4096,
      })),
    worldSize: fc.integer({ min: 1, max: 256 }),
    memoryBytesPerRank: fc.integer({ min: 1e9, max: 200e9 }),
    precision: fc.constantFrom('fp32' as const, 'bf16' as const),
    contextTokens: fc.integer({ min: 16, max: 4096 }),
    microBatchRows: fc.integer({ min: 1, max: 64 }),
    zeroStage: fc.integer({ min: 0, max: 3 }),
    activationCheckpointing: fc.boolean(),
  });
  const check = (property: (question: FitQuestion, more: number) => void): void => {
    fc.assert(fc.property(questions, fc.integer({ min: 1, max: 200 }), property), { numRuns: 500 });
  };

  test('more ranks never need more of each', () => {
    check((question, more) => {
      const wider = memoryFit({ ...question, worldSize: question.worldSize + more });
      expect(wider.peakBytes).toBeLessThanOrEqual(memoryFit(question).peakBytes);
    });
  });

  test('more memory never turns a fit into none', () => {
    check((question, more) => {
      const roomier = memoryFit({ ...question, memoryBytesPerRank: question.memoryBytesPerRank + more * 1e8 });
      expect(roomier.fits || !memoryFit(question).fits).toBe(true);
    });
  });

  test('a lower stage never holds less, and never needs less beside the layers that ZeRO-3 gathers', () => {
    check((question) => {
      const stages = [0, 1, 2, 3].map((zeroStage) => memoryFit({ ...question, zeroStage }));
      for (const [index, higher] of stages.entries()) {
        const lower = stages[index - 1];
        if (lower === undefined) continue;
        expect(lower.stateBytes).toBeGreaterThanOrEqual(higher.stateBytes);
        expect(lower.stepBytes).toBeGreaterThanOrEqual(higher.stepBytes);
        // One byte for the rounding of each term.
        expect(lower.peakBytes + 1).toBeGreaterThanOrEqual(higher.peakBytes - higher.gatheredBytes);
      }
    });
  });

  test('more rows never need less', () => {
    check((question, more) => {
      const fuller = memoryFit({ ...question, microBatchRows: question.microBatchRows + more });
      expect(fuller.peakBytes).toBeGreaterThanOrEqual(memoryFit(question).peakBytes);
    });
  });
});
