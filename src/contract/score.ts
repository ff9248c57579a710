import { z } from 'zod';
import { TASKS } from './kinds.js';

/** What a model wrote for one item; stored, so that scores can be taken again without the model. */
export const Prediction = z.strictObject({
  id: z.string(),
  prediction: z.string(),
});
export type Prediction = z.infer<typeof Prediction>;

/** One line of gpu_runner's predictions file. */
export const GeneratedPrediction = z.strictObject({
  model: z.string(),
  id: z.string(),
  prediction: z.string().describe('without prompt and stop token'),
  num_tokens: z.int().min(0),
  stopped: z.boolean().describe('the stop token came before the limit'),
});
export type GeneratedPrediction = z.infer<typeof GeneratedPrediction>;

/** The judge's word on one item. */
export const ItemScore = z.strictObject({
  id: z.string(),
  group: z.string(),
  verdict: z.string().describe('closed name given by the task, e.g. exact, wrong_order, no_answer'),
  correct: z.boolean().describe("the task's headline measure"),
  parts: z.record(z.string(), z.boolean()).describe('independent levels, by name'),
  rule: z.string().describe('which rule of the judge decided'),
  evidence: z.string().describe('what it saw, for a person'),
});
export type ItemScore = z.infer<typeof ItemScore>;

/** A share with its interval. */
export const Estimate = z.strictObject({
  value: z.number(),
  low: z.number(),
  high: z.number(),
});
export type Estimate = z.infer<typeof Estimate>;

/** A table that a task adds to its summary, e.g. accuracy by function. */
export const ScoreTable = z.strictObject({
  title: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number()]))),
});
export type ScoreTable = z.infer<typeof ScoreTable>;

export const ScoreSummary = z.strictObject({
  task: z.enum(TASKS),
  judge: z.string().describe('name and version of the judge'),
  items: z.int(),
  groups: z.int(),
  unanswered: z.int().describe('references without a prediction; they count as wrong'),
  headline: z.string().describe('what correct means, in words'),
  accuracy: Estimate,
  interval: z.string().describe('how the intervals were made'),
  parts: z.record(z.string(), Estimate),
  verdicts: z.record(z.string(), z.int()),
  tables: z.array(ScoreTable),
});
export type ScoreSummary = z.infer<typeof ScoreSummary>;

/** Two predictors on the same items. */
export const Comparison = z.strictObject({
  items: z.int(),
  before: Estimate,
  after: Estimate,
  difference: Estimate,
  gained: z.int().describe('items wrong before and right after'),
  lost: z.int().describe('items right before and wrong after'),
});
export type Comparison = z.infer<typeof Comparison>;
