import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { RunReport } from '../../src/contract/report.js';
import { createRandom } from '../../src/domain/random.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { Home } from '../../src/platform/home/home.js';
import { differences } from '../durability/evidence.js';
import { lookForLeftOver } from '../durability/left-over.js';
import { settle } from '../e2e/provider-bill.js';
import type { Pace } from './await-moment.js';
import { carryOut } from './carry-out.js';
import { judgeFault } from './judge-fault.js';
import { stampOf, type StruckFault, type ViggoResult } from './result.js';
import { digestOf, runOutcome, stepsOf, type RunOutcome } from './run-outcome.js';
import { settleFailures } from './settle-failures.js';
import { Siege } from './siege.js';
import type { SiegeFault } from './siege-fault.js';
import { readOfTestProblems } from './test-reads.js';

/** Several times what either run takes; one that is still open then is not going to end. */
const END_MS = 30 * 60_000;
/** Whoever still tidies up by then has not. */
const LEFT_OVER_MS = 2 * 60_000;

type MakeRequest = (siege: Siege) => FineTuningRequestInput;

interface SiegePlan {
  request: MakeRequest;
  faults: readonly SiegeFault[];
  seed: number;
  unbrokenHome: string | null;
}

const UNBROKEN = 'unbroken';

/**
 * The same request twice: once with nothing happening to it, once with every fault of the table. `unbrokenHome`: one that has the first
 * already, as the run `unbroken`.
 */
export async function siegeTwice(
  { request, faults, seed, unbrokenHome }: SiegePlan,
  tell: (line: string) => void,
): Promise<ViggoResult> {
  const { outcome: unbroken, pace } =
    unbrokenHome === null ? await runUnbroken(request) : await readUnbroken(new Home(unbrokenHome));
  tell(`unbroken: ${pace.steps} steps, ${unbroken.seconds} s, weights ${unbroken.weightsSha256}`);
  const siege = new Siege('sieged');
  let isSound = false;
  try {
    await siege.start(request(siege), drawRunTimeout(faults, pace, seed));
    const struck = await carryOut(siege, faults, pace, seed, tell);
    await siege.completed(END_MS);
    const sieged = await runOutcome(siege.scene.home, siege.runKey);
    tell(`sieged: ${sieged.seconds} s, ${sieged.executions} executions, weights ${sieged.weightsSha256}`);
    const settled = await settleFailures(siege, struck);
    const problems = [
      ...faults.flatMap((fault, index) => judgeFault(fault, settled[index] as StruckFault)),
      ...differences(sieged, unbroken),
      ...(sieged.stepsToldTwice === 0 ? [] : [`${sieged.stepsToldTwice} steps told twice`]),
      ...(await readOfTestProblems(siege)),
      ...storyProblems(siege, faults),
    ];
    await delay(LEFT_OVER_MS);
    const { problems: wrong } = await settle(siege.scene.box, siege.runKey);
    problems.push(...(await lookForLeftOver(siege.scene)).map((left) => `left over: ${left}`), ...wrong);
    isSound = problems.length === 0;
    return { ...stampOf(seed), unbroken: digestOf(unbroken), sieged: digestOf(sieged), faults: settled, problems };
  } finally {
    await siege.close(isSound);
  }
}

interface Unbroken {
  outcome: RunOutcome;
  pace: Pace;
}

async function runUnbroken(request: MakeRequest): Promise<Unbroken> {
  const siege = new Siege(UNBROKEN);
  let isSound = false;
  try {
    await siege.start(request(siege));
    await siege.completed(END_MS);
    const unbroken = await readUnbroken(siege.scene.home);
    isSound = true;
    return unbroken;
  } finally {
    await siege.close(isSound);
  }
}

async function readUnbroken(home: Home): Promise<Unbroken> {
  const outcome = await runOutcome(home, UNBROKEN);
  const { stages } = reportOf(home, UNBROKEN);
  const spans = stages.map(({ stage, startedAt, endedAt }) => [stage, secondsBetween(startedAt, endedAt ?? startedAt)] as const);
  return { outcome, pace: { steps: stepsOf(outcome.losses), stageSeconds: Object.fromEntries(spans) } };
}

/** So that the server closes the first execution in the stage of that row. null: no row asks for it. */
function drawRunTimeout(faults: readonly SiegeFault[], { stageSeconds }: Pace, seed: number): number | null {
  const row = faults.find(({ waitsFor }) => waitsFor === 'end of execution');
  if (row === undefined) return null;
  const stages = Object.entries(stageSeconds);
  const before = stages.slice(
    0,
    stages.findIndex(([stage]) => stage === row.stage),
  );
  const from = before.reduce((sum, [, seconds]) => sum + seconds, 0);
  const seconds = stageSeconds[row.stage] ?? 0;
  const [low, high] = row.window.map((share) => Math.round(1000 * (from + share * seconds))) as [number, number];
  return createRandom(seed, row.name).int(low, high);
}

/** The report has to tell of every execution, and why it was begun. */
function storyProblems(siege: Siege, faults: readonly SiegeFault[]): string[] {
  const told = reportOf(siege.scene.home, siege.runKey).story.flatMap(({ fence, what }) =>
    what.startsWith('started') ? [`${fence}: ${what}`] : [],
  );
  const ends = faults.flatMap(({ expected }) => (expected.run === 'is started again' ? [expected.after] : []));
  const due = ['1: started', ...ends.map((end, n) => `${n + 2}: started again without a person, start ${n + 1}, after ${end}`)];
  return told.join() === due.join() ? [] : [`the report tells of the executions ${told.join('; ')}, not ${due.join('; ')}`];
}

const reportOf = (home: Home, runKey: string): RunReport =>
  RunReport.parse(JSON.parse(readFileSync(join(home.store(), runKeys.report(runKey), 'report.json'), 'utf8')));

const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;
