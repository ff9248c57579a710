import { ServiceError, type Client } from '@temporalio/client';
import { z } from 'zod';
import { Failure } from '../domain/failures.js';
import { faultRefusal } from '../domain/fault-refusal.js';
import { faultRule, type FaultKind } from '../domain/fault-table.js';
import { createRandom } from '../domain/random.js';
import { runKeys } from '../domain/store-keys.js';
import { knownRun, knownRuns, openRuns } from '../platform/control/open-runs.js';
import { awaitStep } from '../platform/faults/await-step.js';
import type { FaultGround } from '../platform/faults/fault-ground.js';
import { STRIKES } from '../platform/faults/strikes.js';
import { TemporalRunDirectory } from '../platform/temporal/run-directory.js';
import type { CliContext } from './context.js';
import { EXIT } from './exit-codes.js';
import { USUAL_SECONDS, watchLines } from './fault-lines.js';

export interface BreakOptions {
  run?: string;
  afterStep?: number;
  seconds?: number;
}

/** What of a plan says whether a run may be struck: of any provider, also of one that this version does not know. */
const PlanFacts = z.object({ cluster: z.object({ provider: z.string(), leaseMinutes: z.number() }) });

/** Strikes a run, once it may be and has come to the step. @returns the exit code. @throws Failure with why nothing was done. */
export async function breakRun(
  context: CliContext,
  kind: FaultKind,
  options: BreakOptions,
  { say, signal }: { say: (line: string) => void; signal: AbortSignal },
): Promise<number> {
  const { store, home } = context;
  const runKey = options.run ?? (await nameOneOf(context));
  const { owner, ended } = await knownRun(store, runKey);
  if (owner === null)
    throw new Failure('InvalidRequest', `there is no run ${runKey} in ${store.uri}; formwork list shows the runs`);
  if (ended !== null)
    throw new Failure('InvalidRequest', `run ${runKey} is over (${ended.outcome}): a fault needs one that is open`);
  const { workflowId, fence } = owner;
  return context.withClient(async (client) => {
    const check = (): Promise<void> =>
      refuse(context, client, kind, { runKey, workflowId, fence, seconds: options.seconds ?? null });
    await check();
    const isOver = (): Promise<boolean> => isClosed(client, workflowId);
    const place = { runKey, workflowId, home, store, client, signal, say };
    if (options.afterStep !== undefined) {
      say(`waiting for step ${options.afterStep} of run ${runKey}`);
      const step = await awaitStep(place, options.afterStep, isOver).catch((error: unknown) => {
        if (signal.aborted) return null;
        throw error;
      });
      if (step === null) {
        say('nothing was done');
        return EXIT.interrupted;
      }
      // Another run may have been started meanwhile, which shares the server.
      await check();
      say(`${now()} step ${step}: striking`);
    }
    await strike(kind, { ...place, random: createRandom(Date.now()), seconds: options.seconds ?? USUAL_SECONDS });
    return EXIT.ok;
  });
}

async function strike(kind: FaultKind, ground: FaultGround): Promise<void> {
  const told = (line: string): void => ground.say(`${now()} ${line}`);
  const { what, overAt } = await STRIKES[kind]({ ...ground, say: told });
  ground.say(`${new Date(overAt).toISOString()} ${faultRule(kind).lasts === true ? 'over: ' : ''}${what}`);
  for (const line of watchLines(kind, ground.runKey)) ground.say(line);
}

async function refuse(
  { store }: CliContext,
  client: Client,
  kind: FaultKind,
  { runKey, workflowId, fence, seconds }: { runKey: string; workflowId: string; fence: number; seconds: number | null },
): Promise<void> {
  const plan = await store.get(runKeys.plan(runKey, fence));
  if (plan === null) throw new Failure('InvalidRequest', `run ${runKey} has no plan yet; try again in a moment`);
  const { provider, leaseMinutes } = PlanFacts.parse(JSON.parse(plan.toString('utf8'))).cluster;
  const runs = new TemporalRunDirectory(client);
  const state = await runs.stateOf(workflowId);
  const open = faultRule(kind).strikes === 'control plane' ? await openRuns(store, runs) : [];
  const others = open.map((run) => run.runKey).filter((key) => key !== runKey);
  const refusal = faultRefusal(kind, { runKey, provider, leaseMinutes, state, others, seconds });
  if (refusal !== null) throw new Failure('InvalidRequest', refusal);
}

/** Nobody is struck who was not named. */
async function nameOneOf({ store }: CliContext): Promise<never> {
  const open = (await knownRuns(store)).filter(({ owner, ended }) => owner !== null && ended === null).map(({ runKey }) => runKey);
  const there = open.length === 0 ? 'none of this home is open' : `without an end in this home: ${open.join(', ')}`;
  throw new Failure('InvalidRequest', `--run has to name the run that is to be struck; ${there}`);
}

async function isClosed(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await new TemporalRunDirectory(client).stateOf(workflowId)) === 'closed';
  } catch (error) {
    // A server that is away, which may be a fault as well, says nothing of the run.
    if (error instanceof ServiceError) return false;
    throw error;
  }
}

const now = (): string => new Date().toISOString();
