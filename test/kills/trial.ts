import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { RoundResult } from '../../activities/training/close-round.js';
import { createRandom } from '../../src/domain/random.js';
import { waitUntil } from '../../src/platform/process/wait-until.js';
import type { trainingRound } from '../../workflows/training-round.js';
import { storedEvents, storedSteps, TrainingWatch } from '../e2e/training-watch.js';
import { unlessAway } from './ask-server.js';
import { drawBlows, type Blow } from './blow.js';
import type { Lane } from './lane.js';
import { strike, type Struck } from './strike.js';
import { faultsOf, outcomeOf, type Outcome, type Record } from './verdict.js';

const LOOK_MS = 250;
/** Supervisors end within a second of their ranks; machines that are replaced have 20 s to end. */
const LEFT_OVER_MS = 30_000;
/** A server that was just killed is back within seconds. */
const ANSWER_MS = 60_000;

/** How the unbroken round ended, and how long it took. */
export interface Unbroken extends Outcome {
  ms: number;
}

/** A blow as it came; without a signal where nothing of its kind ran at the moment. */
interface Carried {
  signal: Struck['signal'] | null;
  what: string;
  /** Since the start of the round. */
  seconds: number;
}

export interface Trial {
  seed: number;
  blows: Carried[];
  trajectories: number;
  seconds: number;
  /** What is not as it has to be, in words; empty: the seed has passed. */
  faults: string[];
}

/** The round that nothing happens to. @throws when it does not end, or is not whole. */
export async function trainUnbroken(lane: Lane): Promise<Unbroken> {
  const began = Date.now();
  const name = 'unbroken';
  const { result, why } = await endOf(await lane.train(name), began + lane.field.runner.patienceMs);
  if (result === null) throw new Error(`the unbroken round did not come to its end: ${why}`);
  const { worldSize } = lane.field.ground.plan.cluster;
  const record = recordOf(lane, name, result);
  const outcome = outcomeOf(record);
  const faults = faultsOf(record, outcome, worldSize);
  if (outcome.losses.length !== worldSize * result.steps) faults.push(`${outcome.losses.length} losses of ${result.steps} steps`);
  if (faults.length > 0) throw new Error(`the unbroken round is not whole: ${faults.join('; ')}`);
  return { ...outcome, ms: Date.now() - began };
}

/** One round that is struck at moments that the seed draws, held against the unbroken one. */
export async function tryKills(lane: Lane, seed: number, unbroken: Unbroken): Promise<Trial> {
  const began = Date.now();
  const name = `kill-${seed}`;
  const blows: Carried[] = [];
  const round = await lane.train(name);
  const over = new AbortController();
  const struck = carryOut(lane, drawBlows(createRandom(seed, 'kills'), unbroken.ms), blows, over.signal);
  const { result, why } = await endOf(round, began + lane.field.runner.patienceMs);
  const seconds = Math.round((Date.now() - began) / 100) / 10;
  over.abort();
  await struck;
  const faults =
    result === null ? [why] : faultsOf(recordOf(lane, name, result), unbroken, lane.field.ground.plan.cluster.worldSize);
  if (result === null) await unlessAway(ANSWER_MS, () => round.terminate('it has not come to its end')).catch(() => undefined);
  const isClear = await waitUntil(async () => lane.leftOver().length === 0, { timeoutMs: LEFT_OVER_MS, everyMs: LOOK_MS });
  if (isClear === null)
    faults.push(...lane.leftOver().map(({ pid, command }) => `left over: process ${pid}, ${command.join(' ')}`));
  const trajectories = new TrainingWatch(lane.field.box.home, name, name).trajectories().length;
  return { seed, blows, trajectories, seconds, faults };
}

/** For a terminal: what was done to a seed and what came of it. */
export function lineOf({ seed, blows, trajectories, seconds, faults }: Trial): string {
  const done = blows.map(({ what, seconds: at }) => `${what} at ${at.toFixed(1)} s`).join(', ') || 'over before the first blow';
  const end = faults.length === 0 ? 'passed' : `FAILED: ${faults.join('; ')}`;
  return `${seed}: ${done}; ${trajectories} ${trajectories === 1 ? 'gang' : 'gangs'}, ${seconds.toFixed(1)} s, ${end}`;
}

/** One blow after the other until the round is over; resolves when every pause is, too. */
async function carryOut(lane: Lane, blows: readonly Blow[], done: Carried[], signal: AbortSignal): Promise<void> {
  const began = Date.now();
  const pauses: Promise<void>[] = [];
  for (const blow of blows) {
    await delay(blow.afterMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const seconds = (Date.now() - began) / 1000;
    const struck = await strike(lane, blow);
    done.push({ signal: struck?.signal ?? null, what: struck?.what ?? `no ${blow.victim} there`, seconds });
    if (struck !== null) pauses.push(struck.over);
  }
  await Promise.all(pauses);
}

/** What the round came to; null and why, where it came to nothing. */
async function endOf(
  round: WorkflowHandle<typeof trainingRound>,
  end: number,
): Promise<{ result: RoundResult | null; why: string }> {
  const isClosed = async (): Promise<boolean> => (await unlessAway(ANSWER_MS, () => round.describe())).status.name !== 'RUNNING';
  if ((await waitUntil(isClosed, { timeoutMs: end - Date.now(), everyMs: LOOK_MS })) === null) {
    return { result: null, why: 'the round has not come to its end' };
  }
  try {
    const { outcome, result } = await unlessAway(ANSWER_MS, () => round.result());
    return { result, why: `the round ended as ${outcome}` };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { result: null, why: `the round failed: ${error.cause?.message ?? error.message}` };
  }
}

function recordOf({ field }: Lane, name: string, { snapshots }: RoundResult): Record {
  const { home } = field.box;
  return {
    snapshots,
    trajectories: new TrainingWatch(home, name, name).trajectories(),
    steps: storedSteps(home, name, name),
    checkpoints: storedEvents(home, name, name).flatMap(({ trajectory, event }) =>
      event.kind === 'checkpoint' && event.skipped === null ? [{ trajectory, rank: event.rank, step: event.step }] : [],
    ),
  };
}
