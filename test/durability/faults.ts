import { canMountDisks, canMountLoops } from './mounts.js';
import type { Expected, Fault } from './fault.js';
import * as control from './strikes/control.js';
import * as links from './strikes/links.js';
import * as ranks from './strikes/ranks.js';
import * as runs from './strikes/runs.js';
import * as storage from './strikes/storage.js';

/** The long outage of the table, minutes. A tenth of it shows the same while a row is being worked on. */
const OUTAGE_MINUTES = Number(process.env['FORMWORK_TEST_OUTAGE_MINUTES'] ?? 10);

/** A worker or server that was killed: found by its host within a second, then the start of Node with the SDK. */
const restarted: Expected = { training: 'goes on', contactWithin: 30 };
/** Workers ask again within ten seconds of a server that answers again; a worker that gave up is started again by its host. */
const reconnected: Expected = { training: 'goes on', contactWithin: 60 };
/** Of ranks and nodes: start of Python included. */
const rankLost = { training: 'forms again', clock: 'fault', noticedWithin: 15, againWithin: 60, intervals: 1 } as const;
/** The newest checkpoint is of no use, so the one before it is. */
const checkpointLost: Expected = { ...rankLost, cause: 'RankKilled', intervals: 2 };
/** A provider's list is looked at after this anyhow. */
const ends = { training: 'ends', clock: 'fault', goneWithin: 120 } as const;

/** The shortest that a request may ask for: a row is over when the deadline is. */
const SHORT_LEASE_MINUTES = 5;

/** What is done to a run in training, and what has to come of it. In this order they are run and shown. */
export const FAULTS: readonly Fault[] = [
  // Its machines live until the deadline of their lease, so it is begun first and looked at last.
  {
    name: 'delete-database',
    does: `control host, control worker and server killed, database deleted; leases last ${SHORT_LEASE_MINUTES} minutes`,
    leaseMinutes: SHORT_LEASE_MINUTES,
    expected: { training: 'ends', outcome: 'unknown', clock: 'deadline', goneWithin: 30 },
    strike: control.deleteDatabase,
  },
  { name: 'kill-rank', does: 'SIGKILL to a rank', expected: { ...rankLost, cause: 'RankKilled' }, strike: ranks.killRank },
  {
    name: 'stop-rank',
    does: 'SIGSTOP to a rank',
    expected: { ...rankLost, cause: 'Hang', clock: 'step limit' },
    strike: ranks.stopRank,
  },
  { name: 'kill-node-worker', does: 'SIGKILL to a node worker', expected: restarted, strike: control.killNodeWorker },
  {
    name: 'kill-rank-supervisor',
    does: 'SIGKILL to a rank supervisor',
    expected: { ...rankLost, cause: 'RankKilled' },
    strike: ranks.killSupervisor,
  },
  {
    name: 'kill-node',
    does: 'SIGKILL to all processes of a node, its host included',
    expected: { ...rankLost, cause: 'NodeLost' },
    isInTest: true,
    strike: ranks.killNode,
  },
  { name: 'kill-control-worker', does: 'SIGKILL to the control worker', expected: restarted, strike: control.killControlWorker },
  { name: 'kill-server', does: 'SIGKILL to the server', expected: restarted, strike: control.killServer },
  {
    name: 'server-down',
    does: `server stopped for ${OUTAGE_MINUTES} minutes`,
    expected: reconnected,
    outlastsRanks: true,
    strike: control.serverDown(OUTAGE_MINUTES),
  },
  {
    name: 'control-link-cut',
    does: `the link between a node and the control plane cut for ${OUTAGE_MINUTES} minutes`,
    expected: reconnected,
    missing: links.missingHosts,
    prepare: links.giveHosts,
    outlastsRanks: true,
    strike: links.cutControlLink(OUTAGE_MINUTES),
  },
  {
    name: 'rank-link-cut',
    does: 'the link between the ranks of two nodes cut until that is noticed',
    expected: { ...rankLost, cause: 'Hang', clock: 'step limit' },
    missing: links.missingHosts,
    prepare: links.giveHosts,
    strike: links.cutRankLink,
  },
  {
    name: 'corrupt-checkpoint',
    does: 'a byte of the newest checkpoint flipped, then SIGKILL to a rank',
    expected: checkpointLost,
    isInTest: true,
    moment: 'newest checkpoint',
    strike: storage.corruptCheckpoint,
  },
  {
    name: 'tear-shard',
    does: 'a shard of the newest checkpoint cut in half, then SIGKILL to a rank',
    expected: checkpointLost,
    moment: 'newest checkpoint',
    strike: storage.tearShard,
  },
  {
    name: 'disk-full',
    does: "the nodes' disk full for half a minute",
    // A checkpoint that cannot be written is skipped; the one before it counts.
    expected: { training: 'goes on', contactWithin: null },
    missing: canMountDisks,
    prepare: storage.smallNodeDisk,
    strike: storage.fillDisk,
  },
  {
    name: 'store-down',
    does: 'every access to the store fails for a minute',
    expected: { training: 'goes on', contactWithin: null },
    missing: canMountLoops,
    prepare: storage.failingStoreDisk,
    strike: storage.failStore,
  },
  {
    name: 'terminate-run',
    does: 'Terminate of the run',
    expected: { ...ends, outcome: 'terminated' },
    isInTest: true,
    strike: runs.terminateRun,
  },
  {
    name: 'terminate-lease',
    does: 'Terminate of its lease',
    // Whoever ends its machines by hand has a reason: it does not lease others until it is told to.
    expected: { ...ends, outcome: 'parked' },
    strike: runs.terminateLease,
  },
  { name: 'cancel-run', does: 'formwork cancel', expected: { ...ends, outcome: 'cancelled' }, strike: runs.cancelRun },
  {
    name: 'reset-run',
    does: 'Reset of the run to its newest workflow task',
    expected: { training: 'goes on', contactWithin: null },
    strike: runs.resetRun('last'),
  },
  {
    name: 'reset-run-to-start',
    does: 'Reset of the run to its first workflow task',
    expected: { ...rankLost, cause: null },
    isInTest: true,
    strike: runs.resetRun('first'),
  },
];
