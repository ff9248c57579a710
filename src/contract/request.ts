import { z } from 'zod';
import { ON_NON_FINITE, PRECISIONS, PROVIDERS, SCHEDULES, TASKS } from './kinds.js';

/** `auto` leaves a value to the planner; the plan shows what it chose. */
const auto = z.literal('auto');

/** No fine-tuning has a larger batch; the planner walks through the divisors of its rows. */
const MAX_BATCH_TOKENS = 2 ** 26;

/**
 * A lease outlives its own launch: five tries take two and a half minutes, the first answer of a machine two. A day is a bill that
 * somebody sees.
 */
const LEASE_MINUTES = { least: 5, most: 24 * 60 };

/** Eight of the dearest accelerators are a hundred dollars an hour; ten times that is a slip of the point. */
const MOST_PER_NODE_HOUR_USD = 1000;

/**
 * Imports, and a disk that is waited for at a snapshot, take half a minute on a busy machine; single steps pause for seconds on one.
 * What is silent for a day is watched by nobody.
 */
const SILENCE_SECONDS = { leastOfSetup: 60, leastOfStep: 10, leastOfCheckpoint: 60, most: 24 * 60 * 60 };

/** Names that appear in workflow ids, store keys and search attributes. */
export const RunKey = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._:-]{0,99}$/, 'up to 100 letters, digits, ".", "_", ":" or "-", starting with a letter or digit');

const DataRequest = z
  .strictObject({
    train: z
      .string()
      .default('practice')
      .meta({
        title: 'Training rows',
        description: 'practice (made from a seed, no download) or file:<path> of a JSON Lines or CSV file',
        examples: ['practice', 'file:viggo/train.csv'],
      }),
    validation: z.string().default('auto').meta({
      title: 'Validation rows',
      description: 'file:<path>, or auto: practice rows for practice, else a share of the training rows held out by group',
    }),
    test: z.string().default('auto').meta({
      title: 'Test rows, read once at the end',
      description: 'file:<path>, or auto: practice rows for practice, else a share of the training rows held out by group',
    }),
    mapping: z
      .strictObject({
        input: z.string().min(1).default('ref').meta({ description: 'column or key of the text given to the model' }),
        target: z.string().min(1).default('mr').meta({ description: 'column or key of the text it has to produce' }),
        id: z.string().min(1).nullable().default(null).meta({ description: 'column or key of a unique id; null: the row number' }),
      })
      .prefault({})
      .meta({ title: 'Names of the columns in file: sources' }),
    heldOutShare: z
      .number()
      .gt(0)
      .lte(0.3)
      .default(0.1)
      .meta({ description: 'share of the training groups taken for each split that is auto with a file: source' }),
    seed: z.int().min(0).default(17).meta({ description: 'seed of practice rows and of held-out splits' }),
  })
  .meta({ title: 'Data' });

const TrainingRequest = z
  .strictObject({
    epochs: z
      .union([auto, z.int().min(1).max(1000)])
      .default('auto')
      .meta({ description: 'passes over the training rows; auto: 8 for tiny, 3 for a pre-trained model' }),
    learningRate: z
      .union([auto, z.number().gt(0).lte(1)])
      .default('auto')
      .meta({ description: 'peak learning rate of AdamW; auto: 4e-3 for tiny, 2e-5 for a pre-trained model' }),
    schedule: z.enum(SCHEDULES).default('cosine').meta({ description: 'decay after warm-up, tied to the planned number of steps' }),
    warmupShare: z.number().min(0).lt(1).default(0.05).meta({ description: 'share of all steps with rising learning rate' }),
    weightDecay: z.number().min(0).lte(1).default(0).meta({ description: 'AdamW weight decay' }),
    gradientClipping: z.number().gt(0).default(1).meta({ description: 'largest norm of the gradient' }),
    contextTokens: z
      .union([auto, z.int().min(16)])
      .default('auto')
      .meta({ description: 'length of a packed row; auto: 256 for tiny, else 512 or the most the model allows' }),
    batchTokens: z
      .union([auto, z.int().min(16).max(MAX_BATCH_TOKENS)])
      .default('auto')
      .meta({ description: 'tokens of one optimizer step over all ranks, padding included; auto: 4,096 for tiny, 131,072 else' }),
    microBatchRows: z
      .union([auto, z.int().min(1)])
      .default('auto')
      .meta({ description: 'packed rows of one forward pass of one rank; auto: the most, up to the batch, that fits in memory' }),
    zeroStage: z
      .union([auto, z.int().min(0).max(3)])
      .default('auto')
      .meta({ description: 'ZeRO stage; auto: the lowest that fits in memory, from 1 up with two ranks or more' }),
    precision: z
      .union([auto, z.enum(PRECISIONS)])
      .default('auto')
      .meta({ description: 'auto: bf16 (with fp32 master weights) on GPUs, fp32 on CPUs' }),
    activationCheckpointing: z
      .union([auto, z.boolean()])
      .default('auto')
      .meta({ description: 'recompute activations in the backward pass; auto: only where memory asks for it' }),
    checkpointEverySteps: z
      .union([auto, z.int().min(1)])
      .default('auto')
      .meta({ description: 'steps between two checkpoints; auto: 50 for tiny, 100 else' }),
    keepCheckpoints: z.int().min(2).max(100).default(2).meta({ description: 'newest whole checkpoints kept in the store' }),
    onNonFinite: z.enum(ON_NON_FINITE).default('rewind').meta({
      description:
        'a loss or gradient that is not finite; rewind: go on from the newest checkpoint and pass over the rows of that step, a few times; skip: pass over the update; stop: fail',
    }),
    seed: z.int().min(0).default(42).meta({ description: 'seed of weights, data order and dropout' }),
  })
  .meta({ title: 'Training' });

const ClusterRequest = z
  .strictObject({
    provider: z.enum(PROVIDERS).default('local').meta({ description: 'who lends the nodes' }),
    nodes: z.int().min(1).max(64).default(2).meta({ description: 'number of nodes' }),
    ranksPerNode: z.int().min(1).max(16).default(1).meta({ description: 'training processes of a node, one per accelerator' }),
    accelerator: z
      .enum(['auto', 'cpu', 'gpu-24gb', 'gpu-40gb', 'gpu-48gb', 'gpu-80gb', 'gpu-141gb'])
      .default('auto')
      .meta({ description: 'what a rank computes on; auto: a GPU where this machine has one for each rank, else the CPU' }),
    leaseMinutes: z.int().min(LEASE_MINUTES.least).max(LEASE_MINUTES.most).default(30).meta({
      description:
        'how long a node trains on without word from the control plane before it ends itself; renewed at a third of that. 30 outlast an upgrade of the server, and end a bill that nobody watches',
    }),
    pricePerNodeHourUsd: z.number().min(0).max(MOST_PER_NODE_HOUR_USD).default(0).meta({
      description: 'what an hour of a node costs, for the ledger; local nodes cost what is said here',
    }),
  })
  .meta({ title: 'Cluster' });

const EvaluationRequest = z
  .strictObject({
    maxNewTokens: z
      .union([auto, z.int().min(1).max(4096)])
      .default('auto')
      .meta({ description: 'most tokens of one prediction; auto: the longest completion of the training rows and a margin' }),
    batchItems: z.int().min(1).max(4096).default(128).meta({ description: 'prompts decoded together' }),
    validationItems: z
      .union([z.literal('all'), z.int().min(1)])
      .default('all')
      .meta({ description: 'validation rows that choose the epoch; a number takes them evenly by group' }),
    lastEpochs: z
      .int()
      .min(1)
      .default(3)
      .meta({ description: 'how many of the newest epochs are candidates; each costs one pass over the validation rows' }),
  })
  .meta({ title: 'Evaluation' });

const silence = (least: number, description: string) =>
  z
    .union([auto, z.int().min(least).max(SILENCE_SECONDS.most)])
    .default('auto')
    .meta({ description });

const LimitsRequest = z
  .strictObject({
    setupSeconds: silence(
      SILENCE_SECONDS.leastOfSetup,
      'in one phase before the first step, and in validation; auto: 300 on CPUs, 1800 on GPUs, which load larger models',
    ),
    stepSeconds: silence(
      SILENCE_SECONDS.leastOfStep,
      'between two steps, or two batches of predictions: several times what one takes; auto: 120 on CPUs, 300 on GPUs',
    ),
    checkpointSeconds: silence(
      SILENCE_SECONDS.leastOfCheckpoint,
      'while a checkpoint or a snapshot is written; auto: 120 on CPUs, 1200 on GPUs',
    ),
  })
  .meta({ title: 'Limits of silence', description: 'seconds without a sign of progress after which a gang counts as hung' });

const RecoveryRequest = z
  .strictObject({
    attempts: z.int().min(0).max(20).default(3).meta({
      description:
        'how often a run that is parked goes on, and one that failed or timed out is started again, by itself, within deadlineMinutes; 0: never',
    }),
    waitMinutes: z
      .int()
      .min(1)
      .max(24 * 60)
      .default(2)
      .meta({ description: 'before the first time; doubled each time' }),
    afterTerminate: z.boolean().default(false).meta({ description: 'also when somebody has terminated the run' }),
  })
  .meta({ title: 'Recovery', description: 'What is done without a person. A run that was cancelled or stopped is left alone.' });

const usd = z.number().positive().nullable().default(null);

export const FineTuningRequest = z
  .strictObject({
    task: z.enum(TASKS).default('viggo').meta({ title: 'Task', description: 'what is learnt and how it is judged' }),
    data: DataRequest.prefault({}),
    model: z
      .string()
      .default('tiny')
      .meta({
        title: 'Model',
        description: 'tiny (one million parameters, random weights from the seed) or path:<directory> in transformers format',
        examples: ['tiny', 'path:models/llama-2-7b'],
      }),
    training: TrainingRequest.prefault({}),
    cluster: ClusterRequest.prefault({}),
    evaluation: EvaluationRequest.prefault({}),
    limits: LimitsRequest.prefault({}),
    recovery: RecoveryRequest.prefault({}),
    deadlineMinutes: z
      .int()
      .min(5)
      .max(60 * 24 * 30)
      .default(240)
      .meta({
        description:
          'counted from each start by a person; a run that is not done by then writes a checkpoint, gives its nodes back and fails; started again with more, it goes on',
      }),
    maxSpendUsd: usd.meta({
      description:
        'what all nodes of the run may cost, over all its executions; at it the run writes a checkpoint, gives them back and parks for raiseBudget; null: no cap',
    }),
    maxHourlyUsd: usd.meta({ description: 'what its nodes may cost an hour together; null: no cap' }),
    parkedNodesMinutes: z
      .int()
      .min(0)
      .max(24 * 60)
      .default(10)
      .meta({
        description:
          'how long a parked run keeps its nodes for retryNow; new ones take minutes to come up, idle ones cost money, so 10',
      }),
    runKey: RunKey.nullable().default(null).meta({
      title: 'Run key',
      description: 'name under which the work is found again; null: the workflow id without "run/"',
    }),
    dryRun: z.boolean().default(false).meta({ description: 'end after the plan; nothing is prepared, leased or stored' }),
  })
  .meta({
    title: 'FineTuningRequest',
    description: 'What to fine-tune, on what, with what. Every field has a default; {} is a whole request.',
  });
export type FineTuningRequest = z.infer<typeof FineTuningRequest>;
export type FineTuningRequestInput = z.input<typeof FineTuningRequest>;
