import { join } from 'node:path';
import type { Trajectory } from '../../src/contract/checkpoint.js';
import type { Commit } from './chronicle.js';

/** A step as its rank told it. */
export interface StepTold {
  trajectory: number;
  rank: number;
  step: number;
  at: number;
  /** null: the update was passed over. */
  lossHex: string | null;
}

type Fork = Pick<Trajectory, 'trajectory' | 'forkedFrom'>;

export const trajectoriesFolder = (store: string, runKey: string): string =>
  join(store, 'runs', runKey, 'rounds', '0', 'trajectories');

/** Exact losses of every rank along the line of descent: what a gang did after the fork of the next one is not in it. */
export function lineOfLosses(forks: readonly Fork[], steps: readonly StepTold[]): string[] {
  let line: StepTold[] = [];
  for (const { trajectory, forkedFrom } of [...forks].sort((a, b) => a.trajectory - b.trajectory)) {
    const from = forkedFrom?.step ?? 0;
    line = [...line.filter(({ step }) => step <= from), ...steps.filter((told) => told.trajectory === trajectory)];
  }
  return line.sort((a, b) => a.step - b.step || a.rank - b.rank).map(({ rank, step, lossHex }) => `${step}/${rank}: ${lossHex}`);
}

/** Steps that a later gang did once more, over all gangs that made a step. */
export function stepsRedone(forks: readonly Fork[], steps: readonly StepTold[]): number {
  const highest = (trajectory: number): number =>
    Math.max(0, ...steps.filter((told) => told.trajectory === trajectory).map(({ step }) => step));
  const trained = [...forks].sort((a, b) => a.trajectory - b.trajectory).filter(({ trajectory }) => highest(trajectory) > 0);
  return trained
    .slice(1)
    .reduce((sum, { forkedFrom }, index) => sum + highest((trained[index] as Fork).trajectory) - (forkedFrom?.step ?? 0), 0);
}

/**
 * The most steps that rank 0 made while a checkpoint was on its way to the store. Of one that never arrived: until the end of its gang.
 * `written` are checkpoints that rank 0 has on its disk.
 */
export function stepsOfUpload(
  steps: readonly StepTold[],
  written: readonly { trajectory: number; step: number }[],
  commits: readonly Commit[],
): number {
  const spans = written.map(({ trajectory, step }) => {
    const commit = commits.find((one) => one.trajectory === trajectory && one.step === step);
    return steps.filter(
      (told) => told.rank === 0 && told.trajectory === trajectory && told.step > step && told.at <= (commit?.at ?? Infinity),
    ).length;
  });
  return Math.max(0, ...spans);
}

/** How often a rank told a step of its trajectory more than once. */
export function stepsToldTwice(steps: readonly StepTold[]): number {
  return steps.length - new Set(steps.map(({ trajectory, rank, step }) => `${trajectory}/${rank}/${step}`)).size;
}
