import { describe, expect, it } from 'vitest';
import { stageTimes } from '../../../src/report/stage-times.js';
import { trainingLossByEpoch } from '../../../src/report/training-loss-by-epoch.js';
import { runReport } from '../../fixtures/run-report.js';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

describe('times by stage', () => {
  it('count from the first start to the last end, and a stage under way up to the report', () => {
    const { stages, seconds } = stageTimes(
      runReport({
        generatedAt: at(50),
        stages: [
          { stage: 'plan', startedAt: at(10), endedAt: at(12), note: '' },
          { stage: 'report', startedAt: at(45), endedAt: null, note: '' },
        ],
      }),
    );
    expect(seconds).toBe(40);
    expect(stages.map(({ begin, seconds: took, ended }) => [begin, took, ended])).toEqual([
      [0, 2, true],
      [35, 5, false],
    ]);
  });

  it('are never negative, whatever two clocks say', () => {
    const { stages } = stageTimes(
      runReport({ generatedAt: at(50), stages: [{ stage: 'plan', startedAt: at(12), endedAt: at(11), note: '' }] }),
    );
    expect(stages[0]?.seconds).toBe(0);
  });
});

describe('training loss by epoch', () => {
  it('is the mean over the steps of that epoch alone', () => {
    const point = (step: number, loss: number) => ({ step, epoch: 0, loss, learningRate: 0, gradientNorm: 0, tokensPerSecond: 0 });
    const epoch = (number: number, step: number) => ({ epoch: number, step, validationLoss: null, accuracy: null, chosen: false });
    expect(
      trainingLossByEpoch([epoch(1, 2), epoch(2, 4), epoch(3, 6)], [point(1, 4), point(2, 2), point(3, 1), point(4, 0)]),
    ).toEqual([3, 0.5, null]);
  });
});
