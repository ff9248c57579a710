import { FAULT_TABLE, faultInWords, type FaultKind, type FaultName } from '../../src/domain/fault-table.js';
import { STRIKES } from '../../src/platform/faults/strikes.js';
import type { Fault } from './fault.js';
import { canMountDisks, canMountLoops } from './mounts.js';
import { deleteDatabase } from './strikes/control.js';
import * as links from './strikes/links.js';
import { cancelRun } from './strikes/runs.js';
import * as storage from './strikes/storage.js';

/** The long outage of the table, minutes. A tenth of it shows the same while a row is being worked on. */
const OUTAGE_MINUTES = Number(process.env['FORMWORK_TEST_OUTAGE_MINUTES'] ?? 10);

/** The shortest that a request may ask for: a row is over when the deadline is. */
const SHORT_LEASE_MINUTES = 5;

/** As a person would do it. */
const offered = (name: FaultKind, more: Partial<Fault> = {}): Fault =>
  row(name, (scene, random) => STRIKES[name](scene.ground(random, OUTAGE_MINUTES * 60)), more);

const row = (name: FaultName, strike: Fault['strike'], more: Partial<Fault> = {}): Fault => ({
  ...{ name, does: faultInWords(name, OUTAGE_MINUTES * 60), expected: FAULT_TABLE[name].expected, strike },
  ...more,
});

/** What is done to a run in training, and what has to come of it. In this order they are run and shown. */
export const FAULTS: readonly Fault[] = [
  // Its machines live until the deadline of their lease, so it is begun first and looked at last.
  row('delete-database', deleteDatabase, {
    does: `${faultInWords('delete-database', 0)}; leases last ${SHORT_LEASE_MINUTES} minutes`,
    leaseMinutes: SHORT_LEASE_MINUTES,
  }),
  offered('kill-rank'),
  offered('stop-rank'),
  offered('kill-node-worker'),
  offered('kill-rank-supervisor'),
  offered('kill-node', { isInTest: true }),
  offered('kill-control-worker'),
  offered('kill-server'),
  offered('server-down', { outlastsRanks: true }),
  // A link between hosts, where a person has one that the worker of the node holds.
  row('control-link-cut', links.cutControlLink(OUTAGE_MINUTES), {
    missing: links.missingHosts,
    prepare: links.giveHosts,
    outlastsRanks: true,
  }),
  row('rank-link-cut', links.cutRankLink, { missing: links.missingHosts, prepare: links.giveHosts }),
  offered('corrupt-checkpoint', { isInTest: true, moment: 'newest checkpoint' }),
  offered('tear-shard', { moment: 'newest checkpoint' }),
  row('disk-full', storage.fillDisk, { missing: canMountDisks, prepare: storage.smallNodeDisk }),
  row('store-down', storage.failStore, { missing: canMountLoops, prepare: storage.failingStoreDisk }),
  offered('terminate-run'),
  offered('terminate-lease'),
  row('cancel-run', cancelRun),
  offered('reset-run'),
  offered('reset-run-to-start', { isInTest: true }),
];
