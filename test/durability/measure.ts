import { setTimeout as delay } from 'node:timers/promises';
import type { Trajectory } from '../../src/contract/checkpoint.js';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { RunResult } from '../../src/contract/run.js';
import { createRandom, type Random } from '../../src/domain/random.js';
import type { Strike } from '../../src/platform/faults/fault-ground.js';
import { storedEvents } from '../e2e/training-watch.js';
import { contact } from './contact.js';
import type { Fault } from './fault.js';
import { lookForLeftOver, machinesGone } from './left-over.js';
import { lineOfLosses, stepsOfUpload, stepsRedone, stepsToldTwice, type StepTold } from './lines.js';
import type { Reference } from './reference.js';
import type { Measured } from './result.js';
import { Scene } from './scene.js';

/** So early in training that it is still going on when what it struck is back. */
const LATEST_SHARE = 0.6;
/** Several times what a run takes after any fault; one that is still open then is not going to end. */
const END_MS = 10 * 60_000;
/** Left-overs are looked for so long after the end of a row: whoever still tidies up by then has not. */
const LEFT_OVER_MS = 2 * 60_000;
/** A limit that is not kept is measured up to this much above it. */
const PATIENCE_MS = 2 * 60_000;

type MakeRequest = (folder: string) => FineTuningRequestInput;

/** A row under way. */
export interface Row {
  /** Resolves when the cores are free for the next one. */
  idle: Promise<void>;
  measured: Promise<Measured>;
  /** What is left of it two minutes after its end, in words. */
  leftOver: Promise<string[]>;
}

/** The run that the others have to end like. */
export async function measureReference(request: MakeRequest): Promise<Reference> {
  const scene = new Scene('unbroken');
  const began = Date.now();
  try {
    await scene.start(request);
    const outcome = await scene.chronicle.closed(Date.now() + END_MS);
    if (outcome !== 'completed') throw new Error(`the unbroken run ended as ${outcome}`);
    const { steps } = told(scene);
    const { training, limits } = await scene.plan();
    return {
      weightsSha256: (await resultOf(scene)).weightsSha256 ?? '',
      losses: lineOfLosses(scene.watch.trajectories(), steps),
      steps: Math.max(...steps.map(({ step }) => step)),
      checkpointEverySteps: training.checkpointEverySteps,
      stepSeconds: limits.stepSeconds,
      seconds: secondsSince(began),
    };
  } finally {
    await scene.close();
  }
}

export function startRow(fault: Fault, request: MakeRequest, reference: Reference, seed: number): Row {
  const scene = new Scene(fault.name);
  let free: () => void = () => undefined;
  const idle = new Promise<void>((resolve) => (free = resolve));
  const measured = measure(scene, fault, request, reference, seed, free).finally(free);
  const leftOver = measured
    .then(() => delay(LEFT_OVER_MS))
    .then(() => lookForLeftOver(scene))
    .finally(() => scene.close());
  // Fails as the row itself does, and is asked for later.
  leftOver.catch(() => undefined);
  return { idle, measured, leftOver };
}

async function measure(
  scene: Scene,
  fault: Fault,
  request: MakeRequest,
  reference: Reference,
  seed: number,
  free: () => void,
): Promise<Measured> {
  const { expected } = fault;
  const began = Date.now();
  const random = createRandom(seed, fault.name);
  fault.prepare?.(scene);
  await scene.start((folder) => withLease(request(folder), fault));
  const step = await moment(scene, fault, reference, random);
  const before = await scene.ranks();
  if (fault.outlastsRanks === true) void scene.untilNoRank().then(free);
  const strike = await fault.strike(scene, random);

  const contactLimit = expected.training === 'goes on' ? expected.contactWithin : null;
  const contactAt = contactLimit === null ? null : await contact(scene, strike, contactLimit * 1000 + PATIENCE_MS);
  const known = new Set(before.map(({ startTime }) => startTime));
  const changed = expected.training === 'goes on' ? (await scene.ranks()).filter(({ startTime }) => !known.has(startTime)) : [];

  const clock = await clockOf(scene, fault, strike, reference);
  const isWatched = !(expected.training === 'ends' && expected.outcome === 'unknown');
  const ended = isWatched ? scene.chronicle.closed(strike.overAt + END_MS) : scene.untilNoRank().then(() => 'unknown');
  const goneAt = expected.training === 'ends' ? machinesGone(scene, clock + expected.goneWithin * 1000 + PATIENCE_MS) : null;
  const outcome = await ended;
  free();
  const result = outcome === 'completed' ? await resultOf(scene) : null;
  const { steps, written, starts } = told(scene);
  const forks = scene.watch.trajectories();
  const again = steps.filter(({ trajectory }) => trajectory > 0).map(({ at }) => at);
  const failure = scene.chronicle.failures.find(({ at }) => at >= strike.at);
  const signs = [...(failure === undefined ? [] : [failure.at]), ...forks.slice(1).map(({ openedAt }) => Date.parse(openedAt))];
  const since = (at: number | null, from: number): number | null =>
    at === null || at === Infinity ? null : Math.max(0, at - from) / 1000;
  return {
    name: fault.name,
    what: strike.what,
    step,
    outcome,
    cause: failure?.kind ?? null,
    noticedAfter: since(Math.min(...signs), clock),
    againAfter: since(Math.min(...again), clock),
    contactAfter: since(contactAt, strike.overAt),
    goneAfter: since(await goneAt, clock),
    stepsRedone: stepsRedone(forks, steps),
    stepsOfUpload: stepsOfUpload(steps, written, [...scene.chronicle.commits.values()]),
    checkpointEverySteps: reference.checkpointEverySteps,
    ranksRestarted: starts - before.length,
    ranksChanged: changed.length,
    toldTwice: stepsToldTwice(steps),
    weightsEqual: result === null ? null : result.weightsSha256 === reference.weightsSha256,
    lossesEqual: result === null ? null : isEqual(lineOfLosses(forks, steps), reference.losses),
    usedDamaged: wasUsed(strike, forks, steps),
    seconds: secondsSince(began),
  };
}

function withLease(request: FineTuningRequestInput, { leaseMinutes }: Fault): FineTuningRequestInput {
  return leaseMinutes === undefined ? request : { ...request, cluster: { ...request.cluster, leaseMinutes } };
}

async function moment(scene: Scene, fault: Fault, { steps, checkpointEverySteps }: Reference, random: Random): Promise<number> {
  const step = random.int(checkpointEverySteps + 1, Math.floor(steps * LATEST_SHARE));
  if (fault.moment === 'newest checkpoint') return scene.committed(step);
  await scene.reached(step);
  return step;
}

/** From when the times of a row count. */
async function clockOf(scene: Scene, { expected }: Fault, strike: Strike, { stepSeconds }: Reference): Promise<number> {
  if (expected.training === 'goes on') return strike.overAt;
  if (expected.clock === 'deadline') return scene.deadline();
  return expected.clock === 'step limit' ? strike.at + stepSeconds * 1000 : strike.at;
}

/** What the ranks of the round have told, as far as the store has it. */
function told(scene: Scene): { steps: StepTold[]; written: { trajectory: number; step: number }[]; starts: number } {
  const events = storedEvents(scene.box.home, scene.runKey);
  return {
    steps: events.flatMap(({ trajectory, event }) =>
      event.kind === 'step'
        ? [{ trajectory, rank: event.rank, step: event.step, at: Date.parse(event.time), lossHex: event.loss_hex }]
        : [],
    ),
    written: events.flatMap(({ trajectory, event }) =>
      event.kind === 'checkpoint' && event.rank === 0 ? [{ trajectory, step: event.step }] : [],
    ),
    starts: events.filter(({ event }) => event.kind === 'started').length,
  };
}

function wasUsed({ damaged }: Strike, forks: Trajectory[], steps: readonly StepTold[]): boolean {
  return forks.some(
    ({ trajectory, forkedFrom }) =>
      damaged !== undefined &&
      forkedFrom?.trajectory === damaged.trajectory &&
      forkedFrom.step === damaged.step &&
      steps.some((one) => one.trajectory === trajectory),
  );
}

const resultOf = async (scene: Scene): Promise<RunResult> => RunResult.parse(await scene.run.result());
const secondsSince = (at: number): number => Math.round((Date.now() - at) / 1000);
const isEqual = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index]);
