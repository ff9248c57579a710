import { z } from 'zod';
import { FAILURE_KINDS } from './kinds.js';
import { RankLimits } from './plan.js';
import { RunnerEvent } from './runner-event.js';
import { RunnerPlan } from './runner-plan.js';

// A job is one gpu_runner command under the rank supervisor of a node. It is started, then followed; following is not running.

/** Who may act on a node: a start with a higher fence ends what a lower one left. */
export const JobFence = z.strictObject({
  runKey: z.string(),
  owner: z.int().min(1).describe('n of owners/<n>'),
  gang: z.int().min(0).describe('counts the gangs of this owner'),
});
export type JobFence = z.infer<typeof JobFence>;

export const JobSpec = z.strictObject({
  jobId: z.string().describe('unique under its node; names its folder'),
  fence: JobFence,
  plan: RunnerPlan,
  ranks: z.strictObject({
    first: z.int().min(0).describe('global number of the first rank of this node'),
    count: z.int().min(1).describe('ranks on this node'),
    worldSize: z.int().min(1),
    threads: z.int().min(1).describe('CPU threads of one rank; part of the arithmetic, so it stays the same over a resume'),
  }),
  rendezvous: z
    .strictObject({ address: z.string(), port: z.int() })
    .nullable()
    .describe('where rank 0 listens; null for a job of one rank'),
  limits: RankLimits,
  storePrefix: z.string().describe('logs and events go below it'),
  publish: z
    .strictObject({
      node: z.int().min(0),
      nodes: z.int().min(1),
      prefix: z.string().describe('of the trajectory; checkpoints/ and epochs/ are below it'),
      trajectory: z.int().min(0),
      keepCheckpoints: z.int().min(2),
    })
    .nullable()
    .describe('for train: where its checkpoints become durable'),
});
export type JobSpec = z.infer<typeof JobSpec>;

/** How one rank ended. */
export const RankExit = z.strictObject({
  rank: z.int().min(0),
  code: z.int().nullable(),
  signal: z.string().nullable(),
  kind: z.enum(FAILURE_KINDS).nullable().describe('null: it did what it was asked to'),
  message: z.string(),
  step: z.int().min(1).nullable().describe('the step whose batch led to it, where one did'),
  logTail: z.array(z.string()).describe('its last lines'),
});
export type RankExit = z.infer<typeof RankExit>;

/** What the supervisor of a job keeps in its folder, for whoever looks: worker, host, a person. */
export const SupervisorState = z.strictObject({
  jobId: z.string(),
  fence: JobFence,
  pid: z.int(),
  startTime: z.string().describe('of that pid, so that a reused number is not mistaken for it'),
  ranks: z.array(z.strictObject({ rank: z.int(), pid: z.int(), startTime: z.string() })),
  beatAt: z.iso.datetime(),
  exits: z.array(RankExit).nullable().describe('null while ranks run'),
  hangStacks: z.boolean().describe('stacks of all ranks were asked for and are in their logs'),
});
export type SupervisorState = z.infer<typeof SupervisorState>;

/** Where a follower is: bytes of each local rank's events file that it has seen. */
export const FollowCursor = z.strictObject({ offsets: z.record(z.string(), z.int().min(0)) });
export type FollowCursor = z.infer<typeof FollowCursor>;

/** What a follower knows of its job's progress, for people. */
export const FollowProgress = z.strictObject({
  phase: z.string(),
  done: z.int().describe('steps or items'),
  total: z.int().nullable(),
  unit: z.string(),
  loss: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  etaSeconds: z.number().nullable(),
  checkpointStep: z.int().nullable().describe('newest one in the store'),
  trouble: z
    .string()
    .nullable()
    .describe('what keeps checkpoints from becoming durable, or will when a disk is full, while training goes on'),
});
export type FollowProgress = z.infer<typeof FollowProgress>;

/** Heartbeat of a follower: cursor to go on from, progress for people. */
export const FollowBeat = z.strictObject({ cursor: FollowCursor, progress: FollowProgress });
export type FollowBeat = z.infer<typeof FollowBeat>;

export const FollowResult = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('running'), cursor: FollowCursor, progress: FollowProgress }),
  z.strictObject({
    state: z.literal('ended'),
    exits: z.array(RankExit),
    results: z.array(RunnerEvent).describe('the newest event of each kind that carries a result'),
    progress: FollowProgress,
  }),
]);
export type FollowResult = z.infer<typeof FollowResult>;
