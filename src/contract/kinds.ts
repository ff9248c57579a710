// The closed lists of formwork, free of zod so that workflow code may import them.

/** What a run goes through, in order; status, ledger, logs and search attributes use these names and no others. */
export const STAGES = [
  'plan',
  'prepare',
  'lease',
  'baseline',
  'smoke',
  'train',
  'evaluate',
  'augment',
  'test',
  'publish',
  'release',
  'report',
] as const;
export type Stage = (typeof STAGES)[number];

/** What a node did in a second that was paid for, and what such a second is called everywhere. */
export const SPENDINGS = ['provision', 'install', 'load', 'train', 'checkpoint', 'evaluate', 'idle', 'lost', 'recovery'] as const;
export type Spending = (typeof SPENDINGS)[number];

export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

export const TASKS = ['viggo'] as const;
export type TaskName = (typeof TASKS)[number];

export const PROVIDERS = ['local'] as const;

export const PRECISIONS = ['fp32', 'bf16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** What a loss or gradient that is not finite leads to. */
export const ON_NON_FINITE = ['rewind', 'skip', 'stop'] as const;

export const SCHEDULES = ['cosine', 'linear'] as const;

export const RUNNER_COMMANDS = ['init', 'tokens', 'train', 'generate', 'export', 'describe'] as const;
export type RunnerCommand = (typeof RUNNER_COMMANDS)[number];

/**
 * How a gpu_runner process says why it ended; Python reads the same list from its schema folder.
 * 1 and 2 are left to Python itself (uncaught exception, usage), 128 and above to signals.
 */
export const RUNNER_EXIT_CODES = {
  ok: 0,
  config: 10,
  data: 11,
  outOfMemory: 12,
  hang: 13,
  diverged: 14,
  lostPeer: 15,
  diskFull: 16,
  interrupted: 17,
  checkpointIncomplete: 18,
} as const;
export type RunnerExit = keyof typeof RUNNER_EXIT_CODES;

/** Every way a part of formwork can fail; the string is the `type` of the failure on the wire. */
export const FAILURE_KINDS = [
  'InvalidRequest',
  'InvalidData',
  'DoesNotFit',
  'BudgetExceeded',
  'RunKeyInUse',
  'EnvironmentNotReady',
  'CapacityUnavailable',
  'QuotaExceeded',
  'AccessDenied',
  'Throttled',
  'Unreachable',
  'NodeLost',
  'Hang',
  'LostPeer',
  'RankKilled',
  'Interrupted',
  'DiskFull',
  'StoreUnavailable',
  'OutOfMemory',
  'Diverged',
  'CheckpointIncomplete',
  'RunnerCrashed',
  'Defect',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** How an execution of a run ended. Only `interrupted` leaves the run open to the next start under its key. */
export const RUN_OUTCOMES = ['completed', 'planned', 'interrupted', 'cancelled', 'failed'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/** How a server closes a workflow. */
export const WORKFLOW_ENDS = ['completed', 'failed', 'timed out', 'cancelled', 'terminated'] as const;
export type WorkflowEnding = (typeof WORKFLOW_ENDS)[number];

/** What people outside are told of: a dry run is nobody's news, and a parked run waits for somebody. */
export const NOTICE_OUTCOMES = ['completed', 'interrupted', 'cancelled', 'failed', 'parked'] as const;
export type NoticeOutcome = (typeof NOTICE_OUTCOMES)[number];
