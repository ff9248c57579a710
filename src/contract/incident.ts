import { z } from 'zod';
import { FAILURE_KINDS } from './kinds.js';
import { RunPlan } from './plan.js';

// What went wrong in a run and what was done about it, in order: `runs/<key>/incidents/<n>.json`, put-if-absent. Budgets and
// changed numbers are read from these records, so no restart, reset or new owner forgets them.

const { training, evaluation, limits } = RunPlan.shape;

/** Numbers that took the place of those in the plan. None of them changes what has been trained already. */
export const PlanChange = z.strictObject({
  training: training
    .pick({
      microBatchRows: true,
      accumulationSteps: true,
      activationCheckpointing: true,
      learningRate: true,
      checkpointEverySteps: true,
      keepCheckpoints: true,
      onNonFinite: true,
    })
    .partial(),
  evaluation: evaluation.pick({ batchItems: true }).partial(),
  limits: limits.partial(),
});
export type PlanChange = z.infer<typeof PlanChange>;

/** In USD; null: no cap. */
export const Caps = z.strictObject({ maxSpendUsd: z.number().nullable(), maxHourlyUsd: z.number().nullable() });
export type Caps = z.infer<typeof Caps>;

const stamp = {
  id: z.string().describe('of the act that wrote it: the act tried again finds its own record'),
  at: z.iso.datetime(),
  fence: z.int().min(1),
  kind: z.enum(FAILURE_KINDS),
  change: PlanChange.nullable().describe('from here on'),
};

export const Incident = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('failed'),
    ...stamp,
    scope: z.string().describe('the round or job whose budget it counts against'),
    message: z.string(),
    answer: z.enum(['again', 'fail']).describe('formed again, or given up: then the run parks or ends'),
    skipStep: z.int().min(1).nullable().describe('the step whose batch is passed over from here on'),
  }),
  z.strictObject({
    event: z.literal('retried').describe('a parked run went on: the budget of the cause is new'),
    ...stamp,
    by: z.enum(['person', 'itself']).default('person'),
  }),
  z.strictObject({
    event: z.literal('raised').describe('a person changed what the run may cost; it holds for this execution'),
    ...stamp,
    caps: Caps,
  }),
]);
export type Incident = z.infer<typeof Incident>;
