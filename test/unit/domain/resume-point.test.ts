import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Trajectory } from '../../../src/contract/checkpoint.js';
import {
  chooseResumePoint,
  inDescent,
  lineOfDescent,
  prunable,
  type FoundCheckpoint,
  type ResumePoint,
} from '../../../src/domain/resume-point.js';

const trajectory = (number: number, forkedFrom: ResumePoint | null = null): Trajectory => ({
  trajectory: number,
  fence: 1,
  forkedFrom,
  passedOver: [],
  openedAt: '2026-11-22T20:00:00.000Z',
});
const at = (number: number, step: number, damage: string | null = null): FoundCheckpoint => ({
  ...{ trajectory: number, step, damage },
  isFinished: true,
});

describe('the line of descent', () => {
  test('of nothing is empty', () => {
    expect(lineOfDescent([])).toEqual([]);
  });

  test('of one trajectory is all of it', () => {
    expect(lineOfDescent([trajectory(0)])).toEqual([{ trajectory: 0, after: 0, upTo: Infinity }]);
  });

  test('leads over forks back to the beginning', () => {
    const trajectories = [trajectory(2, { trajectory: 1, step: 150 }), trajectory(0), trajectory(1, { trajectory: 0, step: 100 })];
    expect(lineOfDescent(trajectories)).toEqual([
      { trajectory: 0, after: 0, upTo: 100 },
      { trajectory: 1, after: 100, upTo: 150 },
      { trajectory: 2, after: 150, upTo: Infinity },
    ]);
  });

  test('leaves out a trajectory that a later one did not fork from', () => {
    const trajectories = [trajectory(0), trajectory(1, { trajectory: 0, step: 100 }), trajectory(2, { trajectory: 0, step: 50 })];
    expect(lineOfDescent(trajectories).map((stretch) => stretch.trajectory)).toEqual([0, 2]);
  });

  test('begins anew with a trajectory that forked from nothing', () => {
    expect(lineOfDescent([trajectory(0), trajectory(1)])).toEqual([{ trajectory: 1, after: 0, upTo: Infinity }]);
  });

  test('takes the tenth trajectory for newer than the ninth', () => {
    const ten = Array.from({ length: 11 }, (_, number) => trajectory(number));
    expect(lineOfDescent(ten).at(-1)?.trajectory).toBe(10);
  });

  test('holds each step once, whatever was forked from where', () => {
    fc.assert(
      fc.property(forkChain(), (trajectories) => {
        const line = lineOfDescent(trajectories);
        for (let step = 1; step <= 40; step += 1) {
          expect(trajectories.filter((one) => inDescent(line, { trajectory: one.trajectory, step }))).toHaveLength(1);
        }
      }),
    );
  });
});

describe('the resume point', () => {
  const line = lineOfDescent([trajectory(0), trajectory(1, { trajectory: 0, step: 100 })]);

  test('of nothing is the start', () => {
    expect(chooseResumePoint(line, [])).toEqual({ resume: null, passedOver: [] });
  });

  test('is the newest by number, not by name: 1000 after 900', () => {
    const { resume } = chooseResumePoint(lineOfDescent([trajectory(0)]), [at(0, 1000), at(0, 900)]);
    expect(resume).toEqual({ trajectory: 0, step: 1000 });
  });

  test('is never in an abandoned future', () => {
    const { resume, passedOver } = chooseResumePoint(line, [at(0, 100), at(0, 150), at(0, 200)]);
    expect(resume).toEqual({ trajectory: 0, step: 100 });
    expect(passedOver).toEqual([]);
  });

  test('is in the fork as soon as the fork has one', () => {
    expect(chooseResumePoint(line, [at(0, 100), at(0, 200), at(1, 150)]).resume).toEqual({ trajectory: 1, step: 150 });
  });

  test('falls back over damaged ones, newest first, and says so', () => {
    const torn = at(1, 200, 'torn');
    const lost = at(1, 150, 'lost');
    expect(chooseResumePoint(line, [at(0, 50), lost, at(0, 100), torn])).toEqual({
      resume: { trajectory: 0, step: 100 },
      passedOver: [torn, lost],
    });
  });

  test('is the start where all are damaged, and all are named', () => {
    const torn = at(0, 100, 'torn');
    expect(chooseResumePoint(line, [torn])).toEqual({ resume: null, passedOver: [torn] });
  });
});

describe('pruning', () => {
  test('keeps the newest whole ones', () => {
    expect(prunable([at(0, 100), at(0, 900), at(0, 1000), at(0, 50)], 2)).toEqual([at(0, 100), at(0, 50)]);
  });

  test('removes nothing while there are no more than are kept', () => {
    expect(prunable([at(0, 50), at(0, 100), at(0, 150, 'torn')], 2)).toEqual([]);
  });

  test('leaves a damaged one for whoever wants to know why', () => {
    expect(prunable([at(0, 50, 'set aside'), at(0, 100), at(0, 150), at(0, 200)], 2)).toEqual([at(0, 100)]);
  });

  test('never removes the resume point, nor one of the newest whole ones', () => {
    const checkpoints = fc.uniqueArray(
      fc.record({
        trajectory: fc.constant(0),
        step: fc.integer({ min: 1, max: 50 }),
        damage: fc.constantFrom(null, null, 'torn'),
        isFinished: fc.constant(true),
      }),
      { selector: ({ step }) => step },
    );
    fc.assert(
      fc.property(checkpoints, fc.integer({ min: 1, max: 5 }), (found, keep) => {
        const removed = prunable(found, keep);
        const left = found.filter((checkpoint) => !removed.includes(checkpoint));
        const line = lineOfDescent([trajectory(0)]);
        expect(chooseResumePoint(line, left)).toEqual(chooseResumePoint(line, found));
        const whole = found.filter(({ damage }) => damage === null).map(({ step }) => step);
        const newest = whole.sort((a, b) => b - a).slice(0, keep);
        expect(
          left
            .filter(({ damage }) => damage === null)
            .map(({ step }) => step)
            .sort((a, b) => b - a),
        ).toEqual(newest);
        expect(prunable(left, keep)).toEqual([]);
      }),
    );
  });
});

/** Up to eight trajectories, each forked from a step of the line before it, or from nothing. */
function forkChain(): fc.Arbitrary<Trajectory[]> {
  return fc.array(fc.option(fc.integer({ min: 1, max: 40 }), { freq: 4 }), { minLength: 1, maxLength: 8 }).map((forks) => {
    const made: Trajectory[] = [];
    for (const [number, step] of forks.entries()) {
      const line = lineOfDescent(made);
      const parent = step === null ? undefined : line.find((stretch) => step > stretch.after && step <= stretch.upTo);
      made.push(trajectory(number, parent === undefined || step === null ? null : { trajectory: parent.trajectory, step }));
    }
    return made;
  });
}
