import type { FailureKind, RunOutcome } from '../contract/kinds.js';
import type { RunSituation } from '../contract/run-situation.js';
import { isPolled } from '../domain/control-contact.js';
import { Failure } from '../domain/failures.js';

/** What the exit code of a command tells a script; docs/cli.md lists them. */
export const EXIT = {
  ok: 0,
  /** The run, or the command, failed. */
  failed: 1,
  /** What was asked for is wrong; nothing was started. */
  badInput: 2,
  /** Something of this machine is missing or in the way. */
  notReady: 3,
  cancelled: 4,
  /** The run waits for a person: formwork status says for what. */
  parked: 5,
  /** Stopped with a checkpoint; the next start goes on. As a shell has it for Ctrl-C. */
  interrupted: 130,
} as const;

const BAD_INPUT: ReadonlySet<FailureKind> = new Set(['InvalidRequest', 'InvalidData', 'DoesNotFit', 'RunKeyInUse']);
const NOT_READY: ReadonlySet<FailureKind> = new Set([
  'EnvironmentNotReady',
  'Unreachable',
  'DiskFull',
  'AccessDenied',
  'StoreUnavailable',
]);

export function exitCodeOfFailure(error: unknown): number {
  if (!(error instanceof Failure)) return EXIT.failed;
  if (BAD_INPUT.has(error.kind)) return EXIT.badInput;
  return NOT_READY.has(error.kind) ? EXIT.notReady : EXIT.failed;
}

export const exitCodeOfOutcome: Record<RunOutcome, number> = {
  completed: EXIT.ok,
  planned: EXIT.ok,
  interrupted: EXIT.interrupted,
  cancelled: EXIT.cancelled,
  failed: EXIT.failed,
};

/** How a run is, for a script that watches it: well, over with this outcome, waiting for a person, or nobody there to work on it. */
export function exitCodeOfSituation({ state, control, lookedAt, status }: RunSituation): number {
  const isWorkedOn = control !== null && isPolled(control, lookedAt);
  switch (state) {
    case 'open':
    case 'unclaimed':
      return isWorkedOn ? EXIT.ok : EXIT.notReady;
    case 'parked':
      return isWorkedOn && status?.parked?.againAt != null ? EXIT.ok : EXIT.parked;
    case 'unknown':
      return EXIT.notReady;
    default:
      return exitCodeOfOutcome[state];
  }
}
