import { z } from 'zod';

// What gpu_runner appends to its events file, one JSON object a line. Each rank has a file of its own.

const stamp = { time: z.iso.datetime(), rank: z.int().min(0) };

const WrittenFile = z.strictObject({
  path: z.string().describe('relative to the folder that the event names'),
  bytes: z.int().min(0),
  sha256: z.string(),
});

const TokenLengths = z.strictObject({
  split: z.string(),
  rows: z.int(),
  num_tokens: z.int(),
  num_target_tokens: z.int().describe('tokens of completions, the only ones in the loss'),
  longest_row: z.int(),
  longest_completion: z.int(),
  truncated_rows: z.int().describe('rows longer than the context; their completion is cut'),
  rows_without_target: z.int().describe('rows whose prompt alone fills the context; dropped from training'),
  histogram: z.array(z.strictObject({ up_to: z.int(), rows: z.int() })).describe('rows by length, tokens'),
});

const event = <K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
  z.strictObject({ kind: z.literal(kind), ...stamp, ...shape });

export const RunnerPhase = z.enum(['imports', 'data', 'model', 'engine', 'restore', 'loop', 'checkpoint', 'validate', 'snapshot']);
export type RunnerPhase = z.infer<typeof RunnerPhase>;

export const RunnerEvent = z.discriminatedUnion('kind', [
  event('started', { command: z.string(), pid: z.int() }),
  event('phase', { phase: RunnerPhase }),
  event('described', {
    python: z.string(),
    packages: z.record(z.string(), z.string()),
    device: z.enum(['cpu', 'cuda']),
    cpu_cores: z.int(),
    memory_bytes: z.int(),
    gpus: z.array(z.strictObject({ name: z.string(), memory_bytes: z.int() })),
  }),
  event('initialised', { path: z.string(), num_parameters: z.int(), vocabulary_size: z.int() }),
  event('tokenised', { splits: z.array(TokenLengths), vocabulary_size: z.int(), tokenizer_probe_sha256: z.string() }),
  event('planned', {
    num_parameters: z.int(),
    packed_rows: z.int(),
    packing_efficiency: z.number().describe('share of positions that hold a token'),
    num_tokens: z.int().describe('of one epoch'),
    num_target_tokens: z.int(),
    steps_per_epoch: z.int(),
    total_steps: z.int(),
    truncated_rows: z.int(),
    dropped_rows: z.int(),
  }),
  event('resumed', { step: z.int() }),
  event('step', {
    step: z.int().min(1).describe('optimizer steps done, this one included'),
    epoch: z.number().describe('passes over the data done, fractional'),
    loss: z.number().nullable().describe('nats per target token over all ranks; null: not taken, or not finite'),
    loss_hex: z.string().nullable().describe('the same as a hexadecimal float, for exact comparison'),
    learning_rate: z.number(),
    gradient_norm: z.number().nullable().describe('null: not taken, or not finite'),
    skipped: z
      .enum(['asked', 'loss', 'gradient'])
      .nullable()
      .describe('why the update was passed over: the plan says so, or this is not finite; null: it was made'),
    num_tokens: z.int().describe('of this step over all ranks, padding excluded'),
    num_target_tokens: z.int(),
    seconds: z.number(),
  }),
  event('checkpoint', {
    step: z.int(),
    folder: z.string(),
    files: z.array(WrittenFile).describe('those that this rank wrote'),
    seconds: z.number(),
    skipped: z
      .strictObject({ why: z.string(), in_a_row: z.int().min(1) })
      .nullable()
      .describe('none was left on any rank, e.g. for a full disk, and training goes on; null: it was written'),
  }),
  event('validated', { step: z.int(), epoch: z.int(), loss: z.number(), num_target_tokens: z.int(), seconds: z.number() }),
  event('snapshot', { step: z.int(), epoch: z.int(), folder: z.string(), files: z.array(WrittenFile), seconds: z.number() }),
  event('generated', { model: z.string(), done: z.int(), total: z.int(), num_tokens: z.int(), seconds: z.number() }),
  event('exported', { path: z.string(), num_parameters: z.int(), logits_sha256: z.string() }),
  event('interrupted', { step: z.int().describe('what is safely done; of training the step of its newest checkpoint') }),
  event('failed', {
    exit: z.string().describe('a name of RUNNER_EXIT_CODES, or crashed'),
    message: z.string(),
    step: z.int().min(1).nullable().describe('the step whose batch led to it, where one did'),
  }),
  event('finished', { seconds: z.number() }),
]);
export type RunnerEvent = z.infer<typeof RunnerEvent>;
export type RunnerEventKind = RunnerEvent['kind'];
export type RunnerEventOf<K extends RunnerEventKind> = Extract<RunnerEvent, { kind: K }>;
