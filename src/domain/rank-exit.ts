import { RUNNER_EXIT_CODES, type FailureKind, type RunnerExit } from '../contract/kinds.js';

const KIND_OF_EXIT: Record<RunnerExit, FailureKind | null> = {
  ok: null,
  config: 'InvalidRequest',
  data: 'InvalidData',
  outOfMemory: 'OutOfMemory',
  hang: 'Hang',
  diverged: 'Diverged',
  lostPeer: 'LostPeer',
  diskFull: 'DiskFull',
  interrupted: 'Interrupted',
  checkpointIncomplete: 'CheckpointIncomplete',
};

/** What an exit status means. A signal that nobody of ours sent is RankKilled; a code outside the list is a crash. */
export function failureOfExit(code: number | null, signal: string | null): FailureKind | null {
  if (signal !== null) return 'RankKilled';
  for (const [name, known] of Object.entries(RUNNER_EXIT_CODES)) if (known === code) return KIND_OF_EXIT[name as RunnerExit];
  return 'RunnerCrashed';
}

/** Worst first: what a gang failed of when its ranks give different reasons. A peer's loss is never the cause while another is known. */
const CAUSES: readonly FailureKind[] = [
  'EnvironmentNotReady',
  'InvalidRequest',
  'InvalidData',
  'CheckpointIncomplete',
  'Diverged',
  'OutOfMemory',
  'DiskFull',
  'RunnerCrashed',
  'Hang',
  'RankKilled',
  'LostPeer',
  'Interrupted',
];

/** The exit that explains the others; null when every rank did what it was asked to. */
export function causeOf<T extends { kind: FailureKind | null }>(exits: readonly T[]): T | null {
  for (const kind of CAUSES) {
    const found = exits.find((exit) => exit.kind === kind);
    if (found !== undefined) return found;
  }
  return exits.find((exit) => exit.kind !== null) ?? null;
}

/** Why a process in this state of the kernel cannot have written the stack it was asked for; null: it can have. */
export function whyWithoutStack(state: string | null): string | null {
  if (state === 'T') return 'it was stopped by a signal (state T), and whoever stopped it has to continue it';
  if (state === 't') return 'it is held by a debugger (state t)';
  if (state === 'D') return 'it waits in the kernel, for a disk or a driver (state D)';
  return null;
}
