import { z } from 'zod';
import { PRECISIONS, SCHEDULES } from './kinds.js';

// The plan file of each gpu_runner command. This is the border to Python, so names are in snake_case.
// Every path is relative to the working directory that the command is started in.

const path = (what: string) => z.string().min(1).describe(what);

/** How a model is opened, the same for every command: missing tokens are added, new rows start as the mean of the old. */
const ModelToLoad = z.strictObject({
  path: path('transformers directory: config, safetensors, tokenizer'),
  special_tokens: z.array(z.string()).describe('added where missing, in this order'),
  stop_token: z.string().describe('ends a completion; recorded in the generation config'),
});

export const InitPlan = z
  .strictObject({
    command: z.literal('init'),
    seed: z.int(),
    rows: path('JSON Lines of {id, prompt, completion} that the tokenizer is trained on'),
    special_tokens: z.array(z.string()),
    stop_token: z.string(),
    vocabulary_size: z.int().describe('byte-level BPE, special tokens included'),
    hidden_size: z.int(),
    intermediate_size: z.int(),
    num_layers: z.int(),
    num_heads: z.int(),
    max_positions: z.int(),
    output: path('transformers directory to write'),
  })
  .meta({ id: 'InitPlan' });

export const TokensPlan = z
  .strictObject({
    command: z.literal('tokens'),
    model: ModelToLoad,
    context_tokens: z.int(),
    splits: z.array(z.strictObject({ name: z.string(), rows: path('JSON Lines of {id, prompt, completion}') })),
  })
  .meta({ id: 'TokensPlan' });

export const TrainPlan = z
  .strictObject({
    command: z.literal('train'),
    seed: z.int(),
    model: ModelToLoad,
    train_rows: path('JSON Lines of {id, prompt, completion}'),
    validation_rows: path('the same; loss on it is taken after each epoch').nullable(),
    context_tokens: z.int().describe('length of a packed row'),
    epochs: z.int(),
    max_steps: z.int().nullable().describe('stop after so many optimizer steps, e.g. 2 for a smoke test; null: epochs decide'),
    micro_batch_rows: z.int(),
    accumulation_steps: z.int(),
    world_size: z.int(),
    learning_rate: z.number(),
    schedule: z.enum(SCHEDULES),
    warmup_share: z.number(),
    adam_betas: z.tuple([z.number(), z.number()]),
    adam_epsilon: z.number(),
    weight_decay: z.number(),
    gradient_clipping: z.number(),
    zero_stage: z.int().min(0).max(3),
    precision: z.enum(PRECISIONS),
    activation_checkpointing: z.boolean(),
    device: z.enum(['cpu', 'cuda']),
    checkpoint_every_steps: z.int(),
    checkpoints: path('directory; a checkpoint is a folder step-00000100 in it'),
    snapshots: path('directory; the weights after an epoch are a folder epoch-0001 in it'),
    resume: z.strictObject({ step: z.int().min(1), path: path('folder of the checkpoint to go on from') }).nullable(),
    on_non_finite: z
      .enum(['stop', 'skip'])
      .describe('what a loss or gradient that is not finite leads to: exit, or the update passed over'),
    skip_steps: z.array(z.int().min(1)).describe('steps whose batch is passed over: no update'),
  })
  .meta({ id: 'TrainPlan' });

export const GeneratePlan = z
  .strictObject({
    command: z.literal('generate'),
    seed: z.int(),
    models: z
      .array(z.strictObject({ name: z.string(), ...ModelToLoad.shape }))
      .min(1)
      .describe('each answers all items, one after the other'),
    items: path('JSON Lines with id and prompt'),
    shard: z
      .strictObject({ index: z.int().min(0), count: z.int().min(1) })
      .describe('takes the items whose number modulo count is index'),
    predictions: path(
      'JSON Lines that {model, id, prediction, num_tokens, stopped} is appended to; what it holds is not made again',
    ),
    max_new_tokens: z.int(),
    batch_items: z.int(),
    sampling: z
      .strictObject({ temperature: z.number().gt(0), top_p: z.number().gt(0).lte(1) })
      .nullable()
      .describe('null: greedy'),
    precision: z.enum(PRECISIONS),
    device: z.enum(['cpu', 'cuda']),
  })
  .meta({ id: 'GeneratePlan' });

export const ExportPlan = z
  .strictObject({
    command: z.literal('export'),
    snapshot: path('weights after an epoch, as train wrote them'),
    card: path('Markdown text of the model card'),
    output: path('transformers directory to write'),
  })
  .meta({ id: 'ExportPlan' });

const DescribePlan = z.strictObject({ command: z.literal('describe') }).meta({ id: 'DescribePlan' });

export const RunnerPlan = z
  .discriminatedUnion('command', [InitPlan, TokensPlan, TrainPlan, GeneratePlan, ExportPlan, DescribePlan])
  .meta({ id: 'RunnerPlan' });

export type InitPlan = z.infer<typeof InitPlan>;
export type TokensPlan = z.infer<typeof TokensPlan>;
export type TrainPlan = z.infer<typeof TrainPlan>;
export type GeneratePlan = z.infer<typeof GeneratePlan>;
export type ExportPlan = z.infer<typeof ExportPlan>;
export type RunnerPlan = z.infer<typeof RunnerPlan>;
