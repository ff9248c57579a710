import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../src/domain/failures.js';
import { createRandom, type Random } from '../../src/domain/random.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { Strike } from '../../src/platform/faults/fault-ground.js';
import { differences, evidenceOf, testReadProblems } from '../durability/evidence.js';
import { lookForLeftOver, machinesGone } from '../durability/left-over.js';
import { Scene } from '../durability/scene.js';
import { settle } from '../e2e/provider-bill.js';
import { nameOf, type Cell, type CellEnd } from './cells.js';
import { problemsAtCap, raiseAmply } from './paid.js';
import { cellRequest } from './request.js';
import type { CellResult } from './result.js';
import { END_MS, GONE_MS, isClosed, RunWatch, type Look } from './run-watch.js';
import { StageWatch } from './stage-watch.js';
import { CHAOS_STRIKES } from './strikes.js';
import type { Unbroken } from './unbroken.js';

/** A stage is struck in this part of the time, in thousandths, that it takes where nothing happens: it has begun, and is not over. */
const MOMENT = { earliest: 100, latest: 600 };
const LOOK_MS = 50;

/** One run on a server, nodes and ranks of its own, struck once in this stage; what it came to, and everything that was wrong. */
export async function runCell(cell: Cell, unbroken: Unbroken, seed: number): Promise<CellResult> {
  const name = nameOf(cell);
  const scene = new Scene(name.replace('@', '-'));
  const watch = new RunWatch(scene.home, scene.runKey);
  const began = Date.now();
  try {
    const random = createRandom(seed, name);
    CHAOS_STRIKES[cell.fault].prepare?.(scene);
    await scene.start(cellRequest(cell.end));
    const { strike, missed } = await strikeIn(cell, scene, random, unbroken);
    const { state, stage, hasParked, problems } =
      cell.end === 'raised' ? await throughCap(cell, scene, watch) : await endOf(cell.end, watch);
    const seconds = Math.round((Date.now() - began) / 1000);
    const executions = countExecutions(scene);
    const end = endAs(cell.end, state, hasParked, executions);
    if (end !== cell.end) problems.push(`it ended as ${end}, in stage ${stage}`);
    if (state === 'completed') problems.push(...(await unlike(unbroken, scene, watch)));
    problems.push(...missed, ...testReadProblems(scene.home, scene.runKey, state === 'completed'));
    if ((await machinesGone(scene, Date.now() + GONE_MS)) === null)
      problems.push(`it has machines ${GONE_MS / 1000} s after its end`);
    const { ledger, problems: wrong } = await settle(scene.box, scene.runKey);
    problems.push(...wrong);
    await watch.close();
    const leftOver = await lookForLeftOver(scene);
    const milliseconds = ledger?.nodes.reduce((sum, node) => sum + node.milliseconds, 0) ?? 0;
    return {
      ...{ name, state: problems.length + leftOver.length === 0 ? 'passed' : 'failed', what: strike.what, end, executions },
      ...{ nodes: ledger?.nodes.length ?? 0, nodeSeconds: Math.round(milliseconds / 100) / 10, problems, leftOver, seconds },
    };
  } finally {
    await watch.close();
    await scene.close();
  }
}

/** By the store, and by what the workflow itself has returned. */
async function unlike({ evidence }: Unbroken, { home, runKey }: Scene, watch: RunWatch): Promise<string[]> {
  const { weightsSha256 } = await watch.result();
  return [
    ...differences(evidenceOf(home, runKey), evidence),
    ...(weightsSha256 === evidence.weightsSha256 ? [] : [`the run has returned the weights ${weightsSha256}`]),
  ];
}

/** At a random moment of the stage; at the next one where there is nothing to hit yet. */
async function strikeIn(
  { fault, stage }: Cell,
  scene: Scene,
  random: Random,
  { took }: Unbroken,
): Promise<{ strike: Strike; missed: string[] }> {
  const stages = new StageWatch(scene.home.store(), scene.runKey);
  await stages.begun(stage, () => scene.chronicle.outcome !== null);
  await delay(((took.get(stage) ?? 0) * random.int(MOMENT.earliest, MOMENT.latest)) / 1000);
  for (;;) {
    const missed = stages.isIn(stage) ? [] : [`stage ${stage} was over before it was struck`];
    try {
      return { strike: await CHAOS_STRIKES[fault].strike(scene, random), missed };
    } catch (error) {
      if (!(error instanceof Failure && error.kind === 'InvalidRequest') || missed.length > 0) throw error;
      await delay(LOOK_MS);
    }
  }
}

interface Ending extends Look {
  /** And has gone on. */
  hasParked: boolean;
  problems: string[];
}

/** How it has ended, or that it waits for a person. A terminated run that recovery goes on with is not over. */
async function endOf(expected: CellEnd, watch: RunWatch): Promise<Ending> {
  const isOver = (look: Look): boolean =>
    look.state === 'parked' || (isClosed(look) && !(expected === 'recovered' && look.state === 'terminated'));
  return { ...(await watch.until(isOver, END_MS)), hasParked: false, problems: [] };
}

/** It parks in the stage in which its cap was set, without machines; then a person raises the cap, and it goes on to its end. */
async function throughCap({ stage }: Cell, scene: Scene, watch: RunWatch): Promise<Ending> {
  const parked = await watch.until((look) => look.state === 'parked' || isClosed(look), END_MS);
  if (parked.state !== 'parked') return { ...parked, hasParked: false, problems: [] };
  const problems = [
    ...(parked.stage === stage ? [] : [`it parked in stage ${parked.stage}`]),
    ...(await problemsAtCap(scene)),
    ...(await raiseAmply(scene)),
  ];
  return { ...(await watch.until(isClosed, END_MS)), hasParked: true, problems };
}

function endAs(expected: CellEnd, state: string, hasParked: boolean, executions: number): string {
  if (state !== 'completed') return state === 'canceled' ? 'cancelled' : state;
  if (hasParked) return 'raised';
  return executions > 1 && expected === 'recovered' ? 'recovered' : 'completed';
}

/** Every one has an owner's record of its own. */
function countExecutions({ home, runKey }: Scene): number {
  return readdirSync(join(home.store(), runKeys.owners(runKey))).length;
}
