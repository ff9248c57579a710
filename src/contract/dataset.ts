import { z } from 'zod';
import { SPLITS, TASKS } from './kinds.js';

/** One example as gpu_runner sees it: text in, text out, nothing of the task. */
export const RenderedRow = z.strictObject({
  id: z.string(),
  prompt: z.string().describe('with its special tokens, up to where the model begins to write'),
  completion: z.string().describe('what it has to write, stop token included'),
});
export type RenderedRow = z.infer<typeof RenderedRow>;

/** One example as the judge sees it. */
export const ReferenceRow = z.strictObject({
  id: z.string(),
  group: z.string().describe('rows of one group are never split and are one cluster in an interval'),
  input: z.string(),
  target: z.string(),
});
export type ReferenceRow = z.infer<typeof ReferenceRow>;

/** What one filter did to one split. */
export const FilterCount = z.strictObject({
  split: z.enum(SPLITS),
  step: z.string().describe('closed name of the filter, e.g. parsed, deduplicated'),
  before: z.int().min(0),
  after: z.int().min(0),
  why: z.string().describe('what was dropped and for what reason'),
});
export type FilterCount = z.infer<typeof FilterCount>;

export const DatasetManifest = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('sha256 over everything below but itself'),
  task: z.enum(TASKS),
  source: z.string().describe('practice, or the names of the files'),
  specialTokens: z.array(z.string()).describe('in the order in which they get their ids'),
  stopToken: z.string(),
  splits: z.record(
    z.enum(SPLITS),
    z.strictObject({
      rows: z.int(),
      groups: z.int(),
      rendered: z.strictObject({ file: z.string(), sha256: z.string() }).describe('JSON Lines of RenderedRow'),
      references: z.strictObject({ file: z.string(), sha256: z.string() }).describe('JSON Lines of ReferenceRow'),
    }),
  ),
  counts: z.array(FilterCount),
});
export type DatasetManifest = z.infer<typeof DatasetManifest>;
