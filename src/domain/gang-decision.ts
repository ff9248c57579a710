import type { PlanChange } from '../contract/incident.js';
import type { RankExit } from '../contract/job.js';
import type { FailureKind } from '../contract/kinds.js';
import type { RunPlan } from '../contract/plan.js';
import { FAILURES } from './failures.js';
import type { BudgetsUsed } from './incidents.js';
import { halveMicroBatch } from './micro-batch.js';
import { causeOf } from './rank-exit.js';
import { rankTails, type RankTail } from './rank-tails.js';

/** How often a gang may be formed again, by what it failed of. A cause that is not here ends the round at once. */
const BUDGETS: Partial<Record<FailureKind, number>> = {
  // From outside, and nothing says that it comes again: generous, to survive a night of an unruly machine.
  RankKilled: 32,
  NodeLost: 8,
  // Somebody else's signal; the ranks have written a checkpoint.
  Interrupted: 8,
  // A node that does not answer while a gang is made ready: it is suspect, not lost, and each try waits a minute.
  Unreachable: 10,
  LostPeer: 8,
  // Each costs a whole step limit.
  Hang: 4,
  // Somebody may free space, or bring the store back, in the quarter of an hour that these wait.
  DiskFull: 5,
  StoreUnavailable: 5,
  CheckpointIncomplete: 4,
  // One batch may be bad, and another; a fourth says that the numbers are.
  Diverged: 3,
  // Once may be bad luck, twice is a defect.
  RunnerCrashed: 2,
};

/** Before the first gang after such a failure; doubled each time. Whatever is not here may work at once. */
const WAIT_SECONDS: Partial<Record<FailureKind, number>> = { DiskFull: 30, StoreUnavailable: 30 };

export interface GangFailure {
  /** The gang forms again, or the round ends. */
  action: 'again' | 'fail';
  kind: FailureKind;
  message: string;
  used: BudgetsUsed;
  /** Until the next gang. */
  waitSeconds: number;
  /** What the next gang has that this one had otherwise. */
  change: PlanChange | null;
  /** The step whose batch the next gang passes over. */
  skipStep: number | null;
  /** Asked for in the plan: no person is waited for. */
  isFinal: boolean;
  ranks: RankTail[];
}

export type GangDecision = GangFailure | { action: 'done' } | { action: 'interrupted' };

/** Form the gang again as it is, or give up? Counts the cause against its budget. */
export function decideGang(kind: FailureKind, message: string, used: BudgetsUsed): GangFailure {
  const count = (used[kind] ?? 0) + 1;
  const budget = BUDGETS[kind] ?? 0;
  const common = { kind, used: { ...used, [kind]: count }, change: null, skipStep: null, isFinal: false, ranks: [] };
  if (count <= budget) {
    const waitSeconds = (WAIT_SECONDS[kind] ?? 0) * 2 ** (count - 1);
    return { ...common, action: 'again', message: `${kind} (${count} of ${budget}): ${message}`, waitSeconds };
  }
  const exhausted = budget === 0 ? '' : ` It happened ${count} times; ${budget} are allowed.`;
  return {
    ...common,
    action: 'fail',
    message: `${message}.${exhausted} What to do: ${FAILURES[kind].remedy}.`,
    waitSeconds: 0,
  };
}

export interface GangEnd {
  /** Exits of all ranks that could still be asked. */
  exits: readonly RankExit[];
  /** What was known beside them, e.g. a lost node; it outweighs what its peers died of. */
  evidence: { kind: FailureKind; message: string } | null;
  used: BudgetsUsed;
  /** Somebody has asked the round to stop. */
  stopping: boolean;
  /** What the gang trained with; null for a job that does not train. */
  training: Pick<RunPlan['training'], 'microBatchRows' | 'accumulationSteps' | 'onNonFinite'> | null;
}

/** What a gang ended of, and what follows. */
export function judgeGangEnd({ exits, evidence, used, stopping, training }: GangEnd): GangDecision {
  const ranks = rankTails(exits);
  const cause = causeOf(exits);
  // That a node does not answer explains nothing that ranks have told of otherwise.
  const isExplained = cause !== null && evidence?.kind === 'Unreachable';
  if (evidence !== null && !isExplained) return { ...decideGang(evidence.kind, evidence.message, used), ranks };
  // Silence is no success.
  if (exits.length === 0) return decideGang('RunnerCrashed', 'the job ended without a word on any of its ranks', used);
  if (cause === null) return { action: 'done' };
  if (cause.kind === 'Interrupted' && stopping) return { action: 'interrupted' };
  const tail = cause.logTail.at(-1);
  const lastLine = tail === undefined ? '' : ` (last line: ${tail})`;
  const beside = evidence === null ? '' : `; ${evidence.message}`;
  // Most messages name their rank themselves.
  const name = cause.message.startsWith(`rank ${cause.rank} `) ? '' : `rank ${cause.rank}: `;
  const message = `${name}${cause.message}${lastLine}${beside}`;
  return { ...decideByCause(cause, message, used, training), ranks };
}

function decideByCause(cause: RankExit, message: string, used: BudgetsUsed, training: GangEnd['training']): GangFailure {
  const asItIs = decideGang(cause.kind ?? 'RunnerCrashed', message, used);
  if (training === null) return asItIs;
  if (cause.kind === 'OutOfMemory') return withSmallerPasses(asItIs, message, training);
  if (cause.kind === 'Diverged') return byPlanForNonFinite(asItIs, cause.step, message, training);
  return asItIs;
}

/** The same batch in smaller passes needs less memory. There is no budget: one row is the end of it. */
function withSmallerPasses(asItIs: GangFailure, message: string, training: NonNullable<GangEnd['training']>): GangFailure {
  const half = halveMicroBatch(training);
  if (half === null) return asItIs;
  const { microBatchRows: rows, accumulationSteps: passes } = half;
  return {
    ...asItIs,
    action: 'again',
    message: `OutOfMemory with ${training.microBatchRows} rows a pass, ${rows} from here on, in ${passes} passes a step: ${message}`,
    change: { training: half, evaluation: {}, limits: {} },
  };
}

function byPlanForNonFinite(
  asItIs: GangFailure,
  step: number | null,
  message: string,
  { onNonFinite }: NonNullable<GangEnd['training']>,
): GangFailure {
  if (onNonFinite === 'rewind' && step !== null) {
    if (asItIs.action === 'fail') return asItIs;
    return { ...asItIs, message: `${asItIs.message}; the batch of step ${step} is passed over`, skipStep: step };
  }
  // With skip the runner passes updates over by itself, until it has seen too many; without a step there is none to pass over.
  const remedy = `${message}. What to do: ${FAILURES.Diverged.remedy}.`;
  return { ...asItIs, action: 'fail', message: remedy, waitSeconds: 0, isFinal: onNonFinite === 'stop' };
}
