import { setTimeout as delay } from 'node:timers/promises';
import type { Stage } from '../../src/contract/kinds.js';
import type { Random } from '../../src/domain/random.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { newestCheckpoint } from '../../src/platform/control/stored-run.js';
import { awaitStep } from '../../src/platform/faults/await-step.js';
import { unlessAway } from '../kills/ask-server.js';
import type { Siege } from './siege.js';
import type { SiegeFault } from './siege-fault.js';

const LOOK_MS = 250;
/** Longer than a whole run of the longest siege: what has not come then does not come. */
const PATIENCE_MS = 60 * 60_000;
/** A server that is asked whether it has closed the run is not away for longer. */
const ANSWER_MS = 60_000;

/** What the unbroken run says of when things happen. */
export interface Pace {
  /** Of all training. */
  steps: number;
  /** Stages without a record took no time. */
  stageSeconds: Partial<Record<Stage, number>>;
}

/** Names of the jobs that a stage is at work with. */
const JOBS: Partial<Record<Stage, RegExp>> = {
  baseline: /^evaluation-baseline-/,
  smoke: /^round-smoke-/,
  evaluate: /^evaluation-epochs-/,
  test: /^evaluation-test-/,
  publish: /^export/,
};

/**
 * Resolves at the moment that was drawn for a fault, with the step that training had come to; null: elsewhere. A stage that is over
 * by then is not waited for: the row tells in which one it was struck.
 * @throws when the run is over before.
 */
export async function awaitMoment(siege: Siege, fault: SiegeFault, pace: Pace, random: Random): Promise<number | null> {
  if (fault.waitsFor === 'end of execution') {
    await until(siege, fault, async () => (await unlessAway(ANSWER_MS, () => siege.run.describe())).status.name !== 'RUNNING');
    return null;
  }
  const [from, to] = fault.window;
  if (fault.stage === 'train') {
    const drawn = random.int(Math.ceil(from * pace.steps), Math.floor(to * pace.steps));
    const { runKey, scene } = siege;
    const place = { runKey, home: scene.home, signal: AbortSignal.timeout(PATIENCE_MS) };
    const step = await awaitStep(place, drawn, () => isDone(siege));
    return fault.waitsFor === 'newest checkpoint' ? awaitCheckpoint(siege, fault) : step;
  }
  const milliseconds = 1000 * (pace.stageSeconds[fault.stage] ?? 0);
  const pause = random.int(Math.ceil(from * milliseconds), Math.floor(to * milliseconds));
  const jobs = JOBS[fault.stage];
  if (jobs === undefined) throw new Error(`no job is known to work for stage ${fault.stage}`);
  await until(siege, fault, async () => {
    return siege.jobsAtWork().some((jobId) => jobs.test(jobId)) || (await isPast(siege, fault.stage));
  });
  await delay(pause);
  return null;
}

async function isPast({ store, runKey }: Siege, stage: Stage): Promise<boolean> {
  return (await store.get(runKeys.step(runKey, stage))) !== null;
}

async function isDone(siege: Siege): Promise<boolean> {
  return (await siege.known()).ended?.outcome === 'completed';
}

/** The moment in which another one has been committed: only then is it the newest for sure. @returns its step. */
async function awaitCheckpoint(siege: Siege, fault: SiegeFault): Promise<number> {
  const newest = async (): Promise<number> => (await newestCheckpoint(siege.store, siege.runKey))?.step ?? 0;
  const before = await newest();
  await until(siege, fault, async () => (await newest()) > before);
  return newest();
}

/** @throws when the run is done before it is so. */
async function until(siege: Siege, { name, stage }: SiegeFault, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if ((await isDone(siege)) || Date.now() > end)
      throw new Error(`the moment of ${name} in stage ${stage} has not come, and run ${siege.runKey} is done or stands still`);
    await delay(LOOK_MS);
  }
}
