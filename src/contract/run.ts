import { z } from 'zod';
import { RUN_OUTCOMES, STAGES } from './kinds.js';
import { Comparison } from './score.js';
import { StageRecord } from './report.js';

/** `runs/<key>/owners/<n>.json`: which execution carries the run on. n is the fence of all it does. */
export const RunOwner = z.strictObject({
  fence: z.int().min(1),
  workflowId: z.string(),
  runId: z.string(),
  server: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'id of the namespace that knows the workflow: another server cannot tell whether it is closed; null: of a version that did not write it',
    ),
  recovery: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('number of the recovery that started it; null: a person, or a schedule of runs'),
  claimedAt: z.iso.datetime(),
});
export type RunOwner = z.infer<typeof RunOwner>;

/** `runs/<key>/recoveries/<n>.json`: a start without a person, written before it. */
export const RunRecovery = z.strictObject({
  number: z.int().min(1),
  after: z.int().min(1).describe('fence of the newest owner by then'),
  at: z.iso.datetime(),
  deadlineAt: z.iso.datetime().describe('of the start by a person that it goes on with'),
  reason: z.string().describe('how the execution before it ended'),
});
export type RunRecovery = z.infer<typeof RunRecovery>;

/** `runs/<key>/take-overs/<fence>.json`: a person says that this owner is over, though no server that still knows it can be asked. */
export const TakeOver = z.strictObject({ fence: z.int().min(1), at: z.iso.datetime() });
export type TakeOver = z.infer<typeof TakeOver>;

/** `runs/<key>/ended.json`: nobody goes on with this run. */
export const RunEnded = z.strictObject({
  outcome: z.enum(RUN_OUTCOMES),
  fence: z.int().min(1),
  endedAt: z.iso.datetime(),
  message: z.string(),
});
export type RunEnded = z.infer<typeof RunEnded>;

/** What a run gives back: small numbers and where the rest lies. */
export const RunResult = z.strictObject({
  runKey: z.string(),
  outcome: z.enum(RUN_OUTCOMES),
  message: z.string(),
  chosenEpoch: z.int().nullable(),
  test: Comparison.nullable(),
  weightsSha256: z.string().nullable(),
  reportKey: z.string().nullable().describe('folder of the report in the object store'),
});
export type RunResult = z.infer<typeof RunResult>;

/** Answer of the query `status`: enough to say at 3 a.m. why a run is where it is. */
export const RunStatus = z.strictObject({
  runKey: z.string(),
  stage: z.enum(STAGES),
  since: z.iso.datetime(),
  waitingFor: z.string().describe('what has to happen next, for a person'),
  stages: z.array(StageRecord),
  attempts: z
    .array(z.strictObject({ at: z.iso.datetime(), what: z.string(), result: z.string() }))
    .describe('what was tried in this execution and what came of it, newest last, the last twenty'),
  nextRetryAt: z.iso.datetime().nullable().describe('null: nothing waits for a time'),
  lastFailure: z
    .strictObject({
      kind: z.string(),
      message: z.string(),
      at: z.iso.datetime(),
      remedy: z.string(),
      ranks: z
        .array(z.strictObject({ rank: z.int(), logTail: z.array(z.string()) }))
        .describe('last lines of each rank that could be asked'),
    })
    .nullable(),
  progress: z
    .strictObject({
      step: z.int(),
      totalSteps: z.int(),
      loss: z.number().nullable(),
      checkpointStep: z.int().nullable(),
      etaSeconds: z.number().nullable(),
      at: z.iso.datetime(),
    })
    .nullable()
    .describe('as the round last told it; live numbers are in the heartbeats of the followers'),
  parked: z
    .strictObject({
      since: z.iso.datetime(),
      nodesReleasedAt: z.iso.datetime().describe('until then retryNow goes on with the same machines'),
      until: z.iso.datetime().describe('the deadline of the run: then it fails'),
      againAt: z.iso.datetime().nullable().describe('when it goes on by itself; null: it waits for a person'),
      help: z.string().describe('what would help, in words'),
      update: z.enum(['retryNow', 'raiseBudget']).describe('the one that lets it go on'),
      takes: z.array(z.string()).describe('request fields that retryNow may change, e.g. training.microBatchRows'),
    })
    .nullable(),
  children: z.array(z.string()).describe('workflow ids of the children that work now'),
});
export type RunStatus = z.infer<typeof RunStatus>;
