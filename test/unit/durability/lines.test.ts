import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineOfLosses, stepsOfUpload, stepsRedone, stepsToldTwice, type StepTold } from '../../durability/lines.js';

/** A stretch of steps of rank 0, one a second, the loss of a step the same in every trajectory. */
const steps = (trajectory: number, from: number, to: number): StepTold[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    trajectory,
    rank: 0,
    step: from + index,
    at: (from + index) * 1000,
    lossHex: `0x${from + index}`,
  }));

const fork = (trajectory: number, from: [number, number] | null): Parameters<typeof stepsRedone>[0][number] => ({
  trajectory,
  forkedFrom: from === null ? null : { trajectory: from[0], step: from[1] },
});

describe('stepsRedone', () => {
  test('counts from the fork to the last step of the gang before', () => {
    expect(stepsRedone([fork(0, null), fork(1, [0, 30])], [...steps(0, 1, 47), ...steps(1, 31, 100)])).toBe(17);
  });

  test('passes over a gang that made no step', () => {
    const forks = [fork(0, null), fork(1, [0, 60]), fork(2, [0, 30])];
    expect(stepsRedone(forks, [...steps(0, 1, 65), ...steps(2, 31, 100)])).toBe(35);
  });

  test('counts from the start where there was no checkpoint', () => {
    expect(stepsRedone([fork(0, null), fork(1, null)], [...steps(0, 1, 12), ...steps(1, 1, 20)])).toBe(12);
  });

  test('is nothing with one gang', () => {
    expect(stepsRedone([fork(0, null)], steps(0, 1, 20))).toBe(0);
  });
});

describe('lineOfLosses', () => {
  test('is that of the unbroken run wherever gangs ended and forked', () => {
    const unbroken = lineOfLosses([fork(0, null)], steps(0, 1, 60));
    const gangs = fc.array(fc.record({ more: fc.nat(20), back: fc.nat(20) }), { maxLength: 5 });
    fc.assert(
      fc.property(gangs, (ends) => {
        const forks = [fork(0, null)];
        const told: StepTold[] = [];
        let from = 0;
        ends.forEach(({ more, back }, trajectory) => {
          const last = Math.min(60, from + more);
          told.push(...steps(trajectory, from + 1, last));
          const next = Math.max(from, last - back);
          forks.push(fork(trajectory + 1, next === 0 ? null : [trajectory, next]));
          from = next;
        });
        told.push(...steps(ends.length, from + 1, 60));
        expect(lineOfLosses(forks, told)).toEqual(unbroken);
      }),
    );
  });

  test('is another one when a step is missing', () => {
    const torn = steps(0, 1, 60).filter(({ step }) => step !== 31);
    expect(lineOfLosses([fork(0, null)], torn)).not.toEqual(lineOfLosses([fork(0, null)], steps(0, 1, 60)));
  });
});

describe('stepsOfUpload', () => {
  const written = [
    { trajectory: 0, step: 10 },
    { trajectory: 0, step: 20 },
  ];

  test('is the longest way of a checkpoint to its manifest', () => {
    const commits = [
      { trajectory: 0, step: 10, at: 12_500 },
      { trajectory: 0, step: 20, at: 23_500 },
    ];
    expect(stepsOfUpload(steps(0, 1, 30), written, commits)).toBe(3);
  });

  test('of one that never arrived lasts until the end of its gang', () => {
    expect(stepsOfUpload(steps(0, 1, 25), written, [{ trajectory: 0, step: 10, at: 12_500 }])).toBe(5);
  });
});

test('a step that is told twice by one rank of one gang is counted, one that two gangs made is not', () => {
  expect(stepsToldTwice([...steps(0, 1, 5), ...steps(1, 3, 8)])).toBe(0);
  expect(stepsToldTwice([...steps(0, 1, 5), ...steps(0, 5, 6)])).toBe(1);
});
