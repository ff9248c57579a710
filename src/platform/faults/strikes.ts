import type { FaultKind } from '../../domain/fault-table.js';
import type { FaultGround, Strike } from './fault-ground.js';
import { corruptCheckpoint, tearShard } from './strike-checkpoint.js';
import { killControlWorker, killServer, stopServer } from './strike-control.js';
import { cutControlLink, killNodeWorker } from './strike-node.js';
import { killNode, killRank, killSupervisor, stopRank } from './strike-ranks.js';
import { resetRun, terminateLease, terminateRun } from './strike-run.js';

/** How each fault is done. Whom it hits is looked up in the records of that moment, and hit only when it is still the one recorded. */
export const STRIKES: Record<FaultKind, (ground: FaultGround) => Promise<Strike>> = {
  'kill-rank': killRank,
  'stop-rank': stopRank,
  'kill-node-worker': killNodeWorker,
  'kill-rank-supervisor': killSupervisor,
  'kill-node': killNode,
  'kill-control-worker': killControlWorker,
  'kill-server': killServer,
  'server-down': stopServer,
  'control-link-cut': cutControlLink,
  'corrupt-checkpoint': corruptCheckpoint,
  'tear-shard': tearShard,
  'terminate-run': terminateRun,
  'terminate-lease': terminateLease,
  'reset-run': resetRun('last'),
  'reset-run-to-start': resetRun('first'),
};
