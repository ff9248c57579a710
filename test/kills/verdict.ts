import type { Trajectory } from '../../src/contract/checkpoint.js';
import type { SnapshotRef } from '../../activities/training/close-round.js';
import { lineOfLosses, stepsToldTwice, type StepTold } from '../durability/lines.js';

/** What the unbroken round came to, and what every other one has to come to. */
export interface Outcome {
  /** Of each epoch, by its number. */
  weights: string[];
  /** Of every step and rank along the line of descent, exactly. */
  losses: string[];
}

/** What a round has left in the store. */
export interface Record {
  snapshots: readonly SnapshotRef[];
  trajectories: readonly Trajectory[];
  steps: readonly StepTold[];
  /** Checkpoints that a rank has told of. */
  checkpoints: readonly { trajectory: number; rank: number; step: number }[];
}

type Descendants = Pick<Record, 'trajectories' | 'checkpoints'>;

export function outcomeOf({ snapshots, trajectories, steps }: Record): Outcome {
  const weights = snapshots.map(({ epoch, weightsSha256 }) => `epoch ${epoch}: ${weightsSha256}`);
  return { weights, losses: lineOfLosses(trajectories, steps) };
}

/** What of a round is not as it has to be, in words; empty: nothing. */
export function faultsOf(record: Record, unbroken: Outcome, worldSize: number): string[] {
  const { weights, losses } = outcomeOf(record);
  const twice = stepsToldTwice(record.steps);
  return [
    ...(isEqual(weights, unbroken.weights) ? [] : [`weights ${weights.join(', ')}; unbroken ${unbroken.weights.join(', ')}`]),
    ...firstDifference(losses, unbroken.losses),
    ...(twice === 0 ? [] : [`${twice} steps told twice`]),
    ...brokenDescent(record, worldSize),
  ];
}

/** Each trajectory but those from the start goes on from a checkpoint that all ranks of an older one have written, in its own line. */
function brokenDescent({ trajectories, checkpoints }: Descendants, worldSize: number): string[] {
  const sorted = [...trajectories].sort((a, b) => a.trajectory - b.trajectory);
  return sorted.flatMap(({ trajectory, forkedFrom }, index) => {
    const gap = trajectory === index ? [] : [`trajectory ${index} is missing`];
    if (forkedFrom === null) return gap;
    const from = `step ${forkedFrom.step} of trajectory ${forkedFrom.trajectory}`;
    const parent = sorted.find((one) => one.trajectory === forkedFrom.trajectory);
    if (parent === undefined || parent.trajectory >= trajectory)
      return [...gap, `trajectory ${trajectory} goes on from ${from}, which is not older`];
    const ranks = new Set(
      checkpoints.flatMap((one) => (one.trajectory === forkedFrom.trajectory && one.step === forkedFrom.step ? [one.rank] : [])),
    );
    if (ranks.size === worldSize) return gap;
    return [
      ...gap,
      `trajectory ${trajectory} goes on from ${from}, a checkpoint that ${ranks.size} of ${worldSize} ranks have told of`,
    ];
  });
}

function firstDifference(losses: readonly string[], unbroken: readonly string[]): string[] {
  if (isEqual(losses, unbroken)) return [];
  const at = losses.findIndex((loss, index) => loss !== unbroken[index]);
  const index = at === -1 ? losses.length : at;
  const found = losses[index] ?? 'nothing';
  return [
    `${losses.length} losses in the line, ${unbroken.length} unbroken; the first difference is ${found} for ${unbroken[index] ?? 'nothing'}`,
  ];
}

const isEqual = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index]);
