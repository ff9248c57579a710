import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseMemory, type MemoryQuestion } from '../../../src/domain/memory-choice.js';
import { KNOWN_MODELS, modelShape, type ModelConfig } from '../../../src/domain/model-shape.js';

const shape = modelShape(KNOWN_MODELS['llama-2-7b'] as ModelConfig);
const question: MemoryQuestion = {
  shape,
  worldSize: 8,
  memoryBytesPerRank: 85e9,
  precision: 'bf16',
  contextTokens: 512,
  rowsPerRank: 32,
  stages: [1, 2, 3],
  microBatchRows: null,
  activationCheckpointing: null,
};

describe('chooseMemory', () => {
  test('takes the first stage that fits and stops looking', () => {
    const { chosen, considered } = chooseMemory(question);
    expect(chosen?.zeroStage).toBe(1);
    expect(considered).toEqual([chosen]);
  });

  test('takes the largest micro-batch that fits', () => {
    const rows = chooseMemory(question).chosen?.microBatchRows ?? 0;
    const twice = chooseMemory({ ...question, microBatchRows: rows * 2 });
    expect(rows).toBeGreaterThanOrEqual(4);
    expect(twice.chosen?.activationCheckpointing ?? true).toBe(true);
  });

  test('does not shrink the micro-batch below 2,048 tokens before it recomputes activations', () => {
    const tight = chooseMemory({ ...question, memoryBytesPerRank: 46e9 });
    expect(tight.considered[0]).toMatchObject({ activationCheckpointing: false, microBatchRows: 4, fits: false });
    expect(tight.chosen).toMatchObject({ zeroStage: 1, activationCheckpointing: true });
  });

  test('shrinks it to one row where recomputation is ruled out', () => {
    const { considered } = chooseMemory({ ...question, memoryBytesPerRank: 46e9, activationCheckpointing: false });
    expect(considered[0]).toMatchObject({ zeroStage: 1, activationCheckpointing: false, microBatchRows: 1 });
  });

  test('takes a given micro-batch as it is', () => {
    expect(chooseMemory({ ...question, microBatchRows: 2 }).chosen?.microBatchRows).toBe(2);
  });

  test('tries every stage both ways before it gives up, and keeps the sums', () => {
    const { chosen, considered } = chooseMemory({ ...question, memoryBytesPerRank: 1e9 });
    expect(chosen).toBeNull();
    expect(considered.map((fit) => [fit.zeroStage, fit.activationCheckpointing])).toEqual([
      ...[
        [1, false],
        [1, true],
        [2, false],
        [2, true],
        [3, false],
        [3, true],
      ],
    ]);
  });

  test('splits the rows of a rank into equal micro-batches', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 5e9, max: 100e9 }), (rowsPerRank, memoryBytesPerRank) => {
        const { considered } = chooseMemory({ ...question, rowsPerRank, memoryBytesPerRank });
        for (const fit of considered) expect(rowsPerRank % fit.microBatchRows).toBe(0);
      }),
    );
  });

  test('more ranks or memory never turn a fit into none', () => {
    // The rows of a batch are shared out, so more ranks have fewer rows each; a model of one layer gains nothing by recomputation.
    const fits = (worldSize: number, memoryBytesPerRank: number, rows: number): boolean =>
      chooseMemory({ ...question, worldSize, memoryBytesPerRank, rowsPerRank: Math.max(1, Math.round(rows / worldSize)) })
        .chosen !== null;
    fc.assert(
      fc.property(
        fc.record({
          ranks: fc.integer({ min: 2, max: 64 }),
          memory: fc.integer({ min: 2e9, max: 90e9 }),
          rows: fc.integer({ min: 1, max: 512 }),
          moreRanks: fc.integer({ min: 0, max: 64 }),
          moreMemory: fc.integer({ min: 0, max: 50e9 }),
        }),
        ({ ranks, memory, rows, moreRanks, moreMemory }) => {
          if (!fits(ranks, memory, rows)) return;
          expect(fits(ranks + moreRanks, memory + moreMemory, rows)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
