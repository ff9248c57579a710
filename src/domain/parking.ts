import type { FailureKind } from '../contract/kinds.js';
import type { RunPlan } from '../contract/plan.js';
import { needsPerson } from './failures.js';
import { waitMinutesBefore } from './recovery.js';

/**
 * What becomes of a run whose retries are used up. Words: it parks, and these say what would help. null: it fails at once, since
 * what is wrong is in what was asked for, or in formwork, and no waiting mends it.
 */
const HELP: Record<FailureKind, string | null> = {
  InvalidRequest: null,
  InvalidData: null,
  DoesNotFit: null,
  BudgetExceeded: 'a larger maxSpendUsd or maxHourlyUsd, by raiseBudget',
  RunKeyInUse: null,
  EnvironmentNotReady: null,
  CapacityUnavailable: 'machines of the asked kind: retryNow when the provider has some again',
  QuotaExceeded: 'a higher quota from the provider, then retryNow',
  AccessDenied: 'the named permission, then retryNow',
  Throttled: 'fewer calls to the provider by others, then retryNow',
  Unreachable: 'a network, or a server, that answers again, then retryNow',
  NodeLost: 'machines that stay: look at why they were lost, then retryNow',
  Hang: 'a look at the stacks at the end of the logs of the ranks, then retryNow; with a larger limit of limits where they were at work',
  LostPeer: 'a look at the network between the nodes, then retryNow',
  RankKilled: 'an end to what kills the ranks (the kernel does it where memory runs out), then retryNow',
  Interrupted: 'an end to what stops the ranks, or terminates a workflow of the run, then retryNow',
  DiskFull: 'free disk space on the named machine, then retryNow',
  StoreUnavailable: 'an object store that answers, then retryNow',
  OutOfMemory:
    'memory: retryNow with training.activationCheckpointing true, with a smaller training.microBatchRows where it is above 1, or with a smaller evaluation.batchItems where an evaluation failed',
  Diverged: 'retryNow with a lower training.learningRate, or a look at the rows of the named step',
  CheckpointIncomplete: 'a look at the object store: files came back other than they were written; then retryNow',
  RunnerCrashed: 'a look at the last lines of the logs of the ranks, then retryNow',
  Defect: null,
};

/** What a parked run may go on with. Each is harmless to what has been trained and stored. */
export const RETRY_FIELDS = [
  // The same batch in other passes: nothing but rounding changes.
  'training.microBatchRows',
  // Computes again what it would have kept.
  'training.activationCheckpointing',
  // Holds from the next step on.
  'training.learningRate',
  // Which states are kept, not which are reached.
  'training.checkpointEverySteps',
  'training.keepCheckpoints',
  // What the next fault leads to.
  'training.onNonFinite',
  // How many prompts are decoded together; answers that are there stay.
  'evaluation.batchItems',
  // How long silence is borne.
  'limits.setupSeconds',
  'limits.stepSeconds',
  'limits.checkpointSeconds',
] as const;

const NEVER: RunPlan['recovery'] = { attempts: 0, waitMinutes: 1, afterTerminate: false };

export interface StageFailure {
  kind: FailureKind;
  isFinal: boolean;
  /** How often the run has gone on by itself since a person last let it. */
  tries: number;
  /** Absent where a version that had none made the plan. */
  recovery?: RunPlan['recovery'];
}

export type GiveUp =
  | { parks: false }
  | {
      parks: true;
      help: string;
      /** The one by which a person lets it go on. */
      update: 'retryNow' | 'raiseBudget';
      takes: string[];
      /** When the run goes on without being told; null: it waits for a person. */
      againAfterMinutes: number | null;
    };

/** A stage has failed for good: does the run wait, for a person or for better times, or end? */
export function judgeFailure({ kind, isFinal, tries, recovery = NEVER }: StageFailure): GiveUp {
  const help = HELP[kind];
  if (help === null || isFinal) return { parks: false };
  // Somebody has ended a part of the run by hand.
  const isMeant = kind === 'Interrupted' && !recovery.afterTerminate;
  const waits = needsPerson(kind) || isMeant || tries >= recovery.attempts;
  const againAfterMinutes = waits ? null : waitMinutesBefore(tries, recovery);
  return kind === 'BudgetExceeded'
    ? { parks: true, help, againAfterMinutes, update: 'raiseBudget', takes: [] }
    : { parks: true, help, againAfterMinutes, update: 'retryNow', takes: [...RETRY_FIELDS] };
}
