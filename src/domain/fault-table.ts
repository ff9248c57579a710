import { closest } from 'fastest-levenshtein';
import type { FaultExpectation } from './fault-expectation.js';
import { Failure } from './failures.js';

/**
 * What a fault strikes, so what has to be there. `ranks`: a gang in training. `checkpoint`: one in the store, and such a gang. `link`:
 * between a node's worker and the server. `control plane`: what all runs of a home share. `run`: its workflow on the server.
 */
type FaultTarget = 'ranks' | 'node' | 'link' | 'checkpoint' | 'control plane' | 'lease' | 'run';

interface FaultRule {
  does: string;
  expected: FaultExpectation;
  strikes: FaultTarget;
  /** It is over after a time that the striker says; else it is done in a moment. */
  lasts?: true;
  /** Why `formwork fault` does not offer it: only a run that was made ready for it can be struck so. */
  notOffered?: string;
}

/** A worker or server that was killed: found by its host within a second, then the start of Node with the SDK. */
const restarted: FaultExpectation = { training: 'goes on', contactWithin: 30 };
/** Workers ask again within ten seconds of a server that answers again; a worker that gave up is started again by its host. */
const reconnected: FaultExpectation = { training: 'goes on', contactWithin: 60 };
const unnoticed: FaultExpectation = { training: 'goes on', contactWithin: null };
/** Of ranks and nodes: start of Python included. */
const rankLost = { training: 'forms again', clock: 'fault', noticedWithin: 15, againWithin: 60, intervals: 1 } as const;
/** The newest checkpoint is of no use, so the one before it is. */
const checkpointLost: FaultExpectation = { ...rankLost, cause: 'RankKilled', intervals: 2 };
/** A provider's list is looked at after this anyhow. */
const ends = { training: 'ends', clock: 'fault', goneWithin: 120 } as const;

/**
 * What can be done to a run in training, and what has to come of it: what `formwork fault` does and promises, and what
 * `npm run durability` holds the product against.
 */
export const FAULT_TABLE = {
  'delete-database': {
    does: 'control host, control worker and server killed, database deleted',
    strikes: 'control plane',
    expected: { training: 'ends', outcome: 'unknown', clock: 'deadline', goneWithin: 30 },
    notOffered: 'it would take every run of this home along',
  },
  'kill-rank': { does: 'SIGKILL to a rank', strikes: 'ranks', expected: { ...rankLost, cause: 'RankKilled' } },
  'stop-rank': { does: 'SIGSTOP to a rank', strikes: 'ranks', expected: { ...rankLost, cause: 'Hang', clock: 'step limit' } },
  'kill-node-worker': { does: 'SIGKILL to a node worker', strikes: 'node', expected: restarted },
  'kill-rank-supervisor': {
    does: 'SIGKILL to a rank supervisor',
    strikes: 'ranks',
    expected: { ...rankLost, cause: 'RankKilled' },
  },
  'kill-node': {
    does: 'SIGKILL to all processes of a node, its host included',
    strikes: 'node',
    expected: { ...rankLost, cause: 'NodeLost' },
  },
  'kill-control-worker': { does: 'SIGKILL to the control worker', strikes: 'control plane', expected: restarted },
  'kill-server': { does: 'SIGKILL to the server', strikes: 'control plane', expected: restarted },
  'server-down': { does: 'server stopped', strikes: 'control plane', expected: reconnected, lasts: true },
  'control-link-cut': {
    does: 'the link between a node and the control plane cut',
    strikes: 'link',
    expected: reconnected,
    lasts: true,
  },
  'rank-link-cut': {
    does: 'the link between the ranks of two nodes cut until that is noticed',
    strikes: 'ranks',
    expected: { ...rankLost, cause: 'Hang', clock: 'step limit' },
    notOffered: 'ranks of one machine have no link that could be cut; stop-rank makes a gang hang',
  },
  'corrupt-checkpoint': {
    does: 'a byte of the newest checkpoint flipped, then SIGKILL to a rank',
    strikes: 'checkpoint',
    expected: checkpointLost,
  },
  'tear-shard': {
    does: 'a shard of the newest checkpoint cut in half, then SIGKILL to a rank',
    strikes: 'checkpoint',
    expected: checkpointLost,
  },
  'disk-full': {
    does: "the nodes' disk full for half a minute",
    strikes: 'node',
    // A checkpoint that cannot be written is skipped; the one before it counts.
    expected: unnoticed,
    notOffered: 'it would fill the disk of this machine for everybody',
  },
  'store-down': {
    does: 'every access to the store fails for a minute',
    strikes: 'run',
    expected: unnoticed,
    notOffered: 'it needs a store on a disk of its own that can be made to fail',
  },
  'terminate-run': { does: 'Terminate of the run', strikes: 'run', expected: { ...ends, outcome: 'terminated' } },
  'terminate-lease': {
    does: 'Terminate of its lease',
    strikes: 'lease',
    // Whoever ends its machines by hand has a reason: it does not lease others until it is told to.
    expected: { ...ends, outcome: 'parked' },
  },
  'cancel-run': {
    does: 'formwork cancel',
    strikes: 'run',
    expected: { ...ends, outcome: 'cancelled' },
    notOffered: 'it is formwork cancel',
  },
  'reset-run': { does: 'Reset of the run to its newest workflow task', strikes: 'run', expected: unnoticed },
  'reset-run-to-start': {
    does: 'Reset of the run to its first workflow task',
    strikes: 'run',
    expected: { ...rankLost, cause: null },
  },
} as const satisfies Record<string, FaultRule>;

export type FaultName = keyof typeof FAULT_TABLE;
export const FAULT_NAMES = Object.keys(FAULT_TABLE) as FaultName[];

/** What `formwork fault` does. */
export type FaultKind = {
  [Name in FaultName]: (typeof FAULT_TABLE)[Name] extends { notOffered: string } ? never : Name;
}[FaultName];

export const faultRule = (name: FaultName): FaultRule => FAULT_TABLE[name];

export const isOffered = (name: FaultName): name is FaultKind => faultRule(name).notOffered === undefined;

export const FAULT_KINDS: readonly FaultKind[] = FAULT_NAMES.filter(isOffered);

/** @param seconds how long it lasts, where it does */
export function faultInWords(name: FaultName, seconds: number): string {
  const { does, lasts } = faultRule(name);
  return lasts === true ? `${does} for ${secondsInWords(seconds)}` : does;
}

/** @throws Failure InvalidRequest with the nearest kind, or with why there is none of this name. */
export function offeredFault(name: string): FaultKind {
  const known = FAULT_NAMES.find((one) => one === name);
  if (known !== undefined && isOffered(known)) return known;
  const why =
    known === undefined
      ? `no fault is called ${name}; the nearest one is ${closest(name, [...FAULT_KINDS])}`
      : `${name} is not offered: ${faultRule(known).notOffered}`;
  throw new Failure('InvalidRequest', `${why} (formwork fault list shows all)`);
}

function secondsInWords(seconds: number): string {
  if (seconds % 60 !== 0) return `${seconds} s`;
  return seconds === 60 ? '1 minute' : `${seconds / 60} minutes`;
}
