import type { Trajectory } from '../../contract/checkpoint.js';
import type { ProviderNode } from '../../contract/cluster.js';
import type { Incident } from '../../contract/incident.js';
import type {
  JobEnded,
  JobMark,
  JobStarted,
  NodeEnded,
  NodeLaunched,
  NodeReady,
  NodeRenewed,
  NodeStaging,
} from '../../contract/ledger.js';
import type { Stage } from '../../contract/kinds.js';
import type { ResumePoint } from '../resume-point.js';

/** A job of a node, as far as its records go. */
export interface JobRecord extends JobStarted {
  marks: readonly JobMark[];
  /** null: nobody has seen the end of its ranks, or not yet. */
  end: Pick<JobEnded, 'ranksEndedAt' | 'settledAt' | 'kinds'> | null;
  /** Until when the marks of a job without an end are known to be all; null: there are none. */
  seenAt: string | null;
}

/** One machine, as far as the records of its run and the word of its provider go. */
export interface NodeRecord {
  launched: NodeLaunched;
  ended: NodeEnded | null;
  renewed: NodeRenewed | null;
  ready: NodeReady | null;
  stagings: readonly NodeStaging[];
  jobs: readonly JobRecord[];
  /** What the provider says of it now; null: nothing, or it was not asked. */
  provided: ProviderNode | null;
}

/** What is in the store of a round of training. */
export interface RoundRecord {
  trajectories: readonly Trajectory[];
  /** Checkpoints that have a manifest. */
  committed: readonly ResumePoint[];
}

/** All that a ledger is made of. */
export interface LedgerRecords {
  runKey: string;
  nodes: readonly NodeRecord[];
  incidents: readonly Incident[];
  /** By name. One that was discarded is not there. */
  rounds: ReadonlyMap<string, RoundRecord>;
  /** When the result of a stage was first kept; null: it is kept, and nobody has written down since when. */
  stageEnds: ReadonlyMap<Stage, string | null>;
}
