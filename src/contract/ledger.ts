import { z } from 'zod';
import { NodeTags, ProviderNode } from './cluster.js';
import { FAILURE_KINDS, RUNNER_COMMANDS, SPENDINGS, STAGES } from './kinds.js';
import { RunnerPhase } from './runner-event.js';

// What a run has paid for. Records are marks in time, below `runs/<key>/ledger/`; the ledger is made of them whenever it is asked
// for. All but renewals and what is seen of a job are put-if-absent: the first word on a moment counts.

/** `nodes/<node>/launched.json`, as its provider has it. */
export const NodeLaunched = z.strictObject({
  nodeId: z.string(),
  tags: NodeTags,
  ...ProviderNode.pick({ launchedAt: true, deadline: true, pricePerHourUsd: true }).shape,
});
export type NodeLaunched = z.infer<typeof NodeLaunched>;

/** `nodes/<node>/ended.json`, as its provider has it. */
export const NodeEnded = z.strictObject({ endedAt: z.iso.datetime() });
export type NodeEnded = z.infer<typeof NodeEnded>;

/** `nodes/<node>/renewed.json`, replaced by each renewal that has reached the node. */
export const NodeRenewed = z.strictObject({ at: z.iso.datetime(), deadline: z.iso.datetime() });
export type NodeRenewed = z.infer<typeof NodeRenewed>;

/** From when to when something went on, by the clock of the node. */
const Stretch = z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() });

/** `nodes/<node>/ready.json`: from its first word to the facts that made it ready. */
export const NodeReady = Stretch;
export type NodeReady = z.infer<typeof NodeReady>;

/** `nodes/<node>/staging/<began>.json`: inputs were brought to the node. */
export const NodeStaging = Stretch;
export type NodeStaging = z.infer<typeof NodeStaging>;

/** `nodes/<node>/jobs/<job>/started.json` */
export const JobStarted = z.strictObject({
  jobId: z.string(),
  owner: z.int().min(1).describe('fence of the execution'),
  command: z.enum(RUNNER_COMMANDS),
  startedAt: z.iso.datetime(),
  trajectory: z
    .strictObject({ round: z.string(), number: z.int().min(0) })
    .nullable()
    .describe('null: it does not train'),
});
export type JobStarted = z.infer<typeof JobStarted>;

/** A moment at which a rank began something else. */
export const JobMark = z.strictObject({
  at: z.iso.datetime(),
  phase: z.enum([...RunnerPhase.options, 'over']).describe('over: it has told its end, and ends'),
  step: z.int().min(0).describe('optimizer steps done by then'),
});
export type JobMark = z.infer<typeof JobMark>;

/** `nodes/<node>/jobs/<job>/seen.json`, replaced while the job is followed. */
export const JobSeen = z.strictObject({
  ...JobStarted.shape,
  seenAt: z.iso.datetime(),
  marks: z.array(JobMark).describe('of the first rank of this node, in the order of its events'),
});
export type JobSeen = z.infer<typeof JobSeen>;

/** `nodes/<node>/jobs/<job>/ended.json`, written when all that the job made is in the store. */
export const JobEnded = z.strictObject({
  ...JobStarted.shape,
  marks: JobSeen.shape.marks,
  ranksEndedAt: z.iso.datetime(),
  settledAt: z.iso.datetime().describe('when all that it made was in the store'),
  kinds: z.array(z.enum(FAILURE_KINDS)).describe('what ranks of this node failed of, each once'),
});
export type JobEnded = z.infer<typeof JobEnded>;

/** `stages/<stage>.json`: when the result of a stage was first kept. */
export const StageEnd = z.strictObject({ stage: z.enum(STAGES), endedAt: z.iso.datetime() });
export type StageEnd = z.infer<typeof StageEnd>;

const amount = {
  milliseconds: z.int().min(0).describe('of nodes: two nodes for a second are two thousand'),
  usd: z.number().min(0),
};

/** Stretches of one node that are alike, added up. */
export const LedgerEntry = z.strictObject({
  nodeId: z.string(),
  stage: z.enum(STAGES),
  spending: z.enum(SPENDINGS),
  cause: z.string().nullable().describe('of what is lost, recovery or parked: a failure kind'),
  ...amount,
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export const LedgerNode = z.strictObject({
  nodeId: z.string(),
  ...NodeTags.pick({ fence: true, node: true, generation: true }).shape,
  launchedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable().describe('null: it is paid for still'),
  endIsKnown: z.boolean().describe('false: the provider has no word on it, so it counts until its deadline at most'),
  pricePerHourUsd: z.number().min(0),
  ...amount,
});
export type LedgerNode = z.infer<typeof LedgerNode>;

/** What a run has paid so far, and what for: `formwork ledger --json`. */
export const Ledger = z.strictObject({
  runKey: z.string(),
  at: z.iso.datetime().describe('until when nodes that go on are counted'),
  ...amount,
  hourlyUsd: z.number().min(0).describe('what the nodes that go on cost'),
  kept: z.int().min(0).describe('milliseconds of nodes in training steps that are in the line of the weights, or may still be'),
  goodput: z.number().min(0).max(1).nullable().describe('kept / milliseconds; null: nothing was paid'),
  entries: z.array(LedgerEntry).describe('add up to all of it, exactly'),
  nodes: z.array(LedgerNode),
});
export type Ledger = z.infer<typeof Ledger>;
