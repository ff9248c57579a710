import { z } from 'zod';
import { ProviderNode } from './cluster.js';
import { Caps } from './incident.js';
import { FollowBeat } from './job.js';
import { FAILURE_KINDS, RUN_OUTCOMES, STAGES, WORKFLOW_ENDS } from './kinds.js';
import { Ledger } from './ledger.js';
import { RunPlan } from './plan.js';
import { RunEnded, RunOwner, RunRecovery, RunStatus } from './run.js';

/** An activity that has not ended, as the server tells it. */
export const PendingActivity = z.strictObject({
  workflowId: z.string(),
  type: z.string(),
  taskQueue: z.string().nullable().describe('null: the server does not tell it'),
  state: z
    .enum(['scheduled', 'started', 'paused', 'cancelling'])
    .describe('scheduled: waits for a worker, or for its next attempt'),
  attempt: z.int().min(1),
  scheduledAt: z.iso.datetime().nullable(),
  lastBeatAt: z.iso.datetime().nullable(),
  nextAttemptAt: z.iso.datetime().nullable().describe('null: it is not waiting for one'),
  lastFailure: z.strictObject({ kind: z.string(), message: z.string() }).nullable(),
  progress: FollowBeat.shape.progress.nullable().describe('what a follower last beat'),
});
export type PendingActivity = z.infer<typeof PendingActivity>;

const NODE_CONTACTS = ['present', 'starting', 'suspect', 'unknown'] as const;

/** A machine of the run: what its provider says of it, and what has been heard from it. */
export const NodeSituation = z.strictObject({
  ...ProviderNode.shape,
  contact: z
    .enum(NODE_CONTACTS)
    .describe(
      'starting: launched a moment ago and not heard from yet; suspect: it runs and is not heard from, which is not the same as dead; unknown: nobody could be asked',
    ),
  lastContactAt: z.iso.datetime().nullable().describe('newest beat or poll from it; null: none that the server remembers'),
});
export type NodeSituation = z.infer<typeof NodeSituation>;

/** The end of what a rank wrote, from the object store. */
export const LogTail = z.strictObject({
  source: z.string().describe('folder under the run, e.g. rounds/0/trajectories/1/node-0'),
  rank: z.int().min(0),
  lines: z.array(z.string()),
});
export type LogTail = z.infer<typeof LogTail>;

/** What the object store knows of a run, whoever else can be asked. */
export const StoredRun = z.strictObject({
  request: z.string().nullable().describe('where the request lies; null: nobody has claimed the run'),
  owner: RunOwner.nullable().describe('the newest execution; its fence counts them'),
  ended: RunEnded.nullable(),
  finished: z.array(z.enum(STAGES)).describe('stages whose result is kept for every later execution'),
  checkpoint: z
    .strictObject({ round: z.string(), trajectory: z.int(), step: z.int(), committedAt: z.iso.datetime() })
    .nullable()
    .describe('the newest one that the next gang would take'),
  logs: z.array(LogTail).describe('last lines of each rank of the job that wrote last'),
  caps: Caps.nullable().describe('what it may cost by now; null: nobody has claimed the run'),
  recovery: z
    .strictObject({
      made: z.array(RunRecovery).describe('starts without a person since the last one by a person, oldest first'),
      settings: RunPlan.shape.recovery,
      deadlineAt: z.iso.datetime().describe('until when the run may be started again'),
    })
    .nullable()
    .describe('null: nobody has claimed the run'),
});
export type StoredRun = z.infer<typeof StoredRun>;

/** `open`: an execution works on it. `unclaimed`: the server knows it and the store does not. `unknown`: no server could be asked. */
const RUN_STATES = ['open', 'parked', 'unclaimed', 'unknown', ...RUN_OUTCOMES] as const;

/** `formwork status --json`: where a run is, and why. */
export const RunSituation = z.strictObject({
  runKey: z.string(),
  lookedAt: z.iso.datetime(),
  state: z.enum(RUN_STATES),
  since: z.iso.datetime().nullable().describe('when this execution was claimed, or when it ended'),
  message: z.string().describe('what came of a run that is over; empty while it goes on'),
  failure: z.enum(FAILURE_KINDS).nullable().describe('what a failed run failed of'),
  ending: z.enum(WORKFLOW_ENDS).nullable().describe('how its server closed it; null: it is open, or no server was asked'),
  server: z.strictObject({
    address: z.string().nullable(),
    id: z.string().nullable().describe('of its namespace, which owners name'),
    problem: z.string().nullable().describe('why it could not be asked; null: it answered'),
    page: z.string().nullable().describe('of the run in the Web UI'),
  }),
  control: z
    .strictObject({
      taskQueue: z.string(),
      lastPollAt: z.iso.datetime().nullable().describe('null: nobody has polled for as long as the server remembers, 5 minutes'),
      problem: z.string().nullable().describe('why the query status has no answer; null: it has'),
    })
    .nullable()
    .describe('null: the server could not be asked'),
  status: RunStatus.nullable().describe('answer of the query status; null: nobody answered it'),
  pending: z.array(PendingActivity).describe('of the run and of its children'),
  progress: FollowBeat.shape.progress.nullable().describe('live, from the beats of the followers'),
  nodes: z.array(NodeSituation).describe('as the provider lists them now'),
  spend: Ledger.pick({ milliseconds: true, usd: true, hourlyUsd: true, goodput: true, nodes: true })
    .nullable()
    .describe('what it has paid so far; null: its ledger cannot be read'),
  providerProblem: z.string().nullable().describe('why the provider could not be asked for nodes'),
  disk: z
    .strictObject({ freeBytes: z.number(), warning: z.string().nullable() })
    .describe('of this home; its warning comes before it is full'),
  stored: StoredRun,
});
export type RunSituation = z.infer<typeof RunSituation>;
