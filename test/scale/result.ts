import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { packageFile } from '../../src/platform/package-root.js';
import { MeasuringMachine } from '../fixtures/measuring-machine.js';
import { Quantiles } from './quantiles.js';

/** What docs/scale.md shows. */
const RESULTS = packageFile('test', 'scale', 'results.json');

const inPhases = <T extends z.ZodType>(of: T) => z.strictObject({ ramp: of, hold: of, drain: of });

const Process = z.strictObject({
  idleMib: z.number().describe('resident, before machines poll'),
  readyMib: z.number().describe('the same when all machines poll, before the first run is started'),
  peakMib: z.number().describe('resident, by the kernel'),
  cpu: inPhases(z.number()).describe('CPU-seconds'),
  mainThread: inPhases(z.number()).describe('CPU-seconds of its first thread; of Node the one that JavaScript runs on'),
});
export type Process = z.infer<typeof Process>;

const Asked = z.strictObject({ answered: Quantiles.nullable(), unanswered: z.int() });

/** So many at once are measured where nothing else is asked for. */
export const RUNS = [1, 10, 50, 100, 200, 500, 1000] as const;

/** What every run of a trial asks for. */
export const REQUESTS = ['short', 'training', 'practice'] as const;

/** So many runs at once. Times are seconds. */
export const Trial = z.strictObject({
  request: z
    .enum(REQUESTS)
    .describe(
      'short: 348 rows, one node; training: the same, but what comes before training is found done; practice: what npm start asks for, 6,602 rows, two nodes',
    ),
  runs: z.int().min(1),
  nodes: z.int().min(1).describe('machines of each run'),
  at: z.iso.datetime(),
  machine: MeasuringMachine.extend({ heapMib: z.int().describe('that Node takes at most') }),
  inTraining: z.int().describe('runs that trained when the machines were held'),
  completed: z.int(),
  phases: inPhases(z.number()).describe(
    'ramp: from the first start until all train; hold: all train; drain: from the end of training until all are over',
  ),
  firstTask: Quantiles.describe('from the start of a run until a worker has its first workflow task'),
  workflowTask: Quantiles.describe('from when a workflow task is due until a worker has it'),
  controlActivity: Quantiles.describe('the same of activities of the control queue'),
  status: z.strictObject({ ramp: Asked, hold: Asked }).describe('the query of a run chosen at random'),
  processes: z.strictObject({ server: Process, worker: Process, nodes: Process }),
  elsewhere: z.number().describe('CPU-seconds that all other processes of the machine used meanwhile, the measurement included'),
  database: z.strictObject({ bytes: z.int(), writtenBytes: z.int().describe('by the server, to the disk') }),
  histories: z.array(z.strictObject({ type: z.string(), count: z.int(), events: Quantiles, kib: Quantiles })),
  cache: z.strictObject({ held: z.int().describe('workflows while all train'), evicted: z.int(), missed: z.int() }),
  slots: z.strictObject({ used: z.int(), free: z.int() }).describe('of the control worker for activities, while all train'),
  troubles: z
    .strictObject({ runs: z.int(), activityTimeouts: z.int(), activityRetries: z.int(), workflowTaskTimeouts: z.int() })
    .describe('in the histories of so many of the runs'),
  metrics: z.strictObject({
    scrape: z.number(),
    kib: z.number(),
    look: z.number().nullable().describe('the look that reads the ledgers; null: none had ended'),
  }),
  list: z
    .strictObject({ seconds: z.number(), listed: z.int(), unanswered: z.int().describe('runs that it had no answer of') })
    .describe('formwork list'),
  looks: z.strictObject({ sweep: z.number().nullable(), recovery: z.number().nullable() }).describe('null: not over in time'),
});
export type Trial = z.infer<typeof Trial>;

export const readTrials = (): Trial[] =>
  existsSync(RESULTS) ? z.array(Trial).parse(JSON.parse(readFileSync(RESULTS, 'utf8'))) : [];

/** It takes the place of the one before of as many runs of this request. */
export function keepTrial(trial: Trial): void {
  const others = readTrials().filter(({ runs, request }) => runs !== trial.runs || request !== trial.request);
  const kept = [...others, trial].sort((a, b) => REQUESTS.indexOf(a.request) - REQUESTS.indexOf(b.request) || a.runs - b.runs);
  writeFileSync(RESULTS, `${JSON.stringify(z.array(Trial).parse(kept), rounded, 2)}\n`);
}

/** To tenths of a millisecond; the clocks know no better. */
const rounded = (_: string, value: unknown): unknown => (typeof value === 'number' ? Number(value.toFixed(4)) : value);

/** Of runs that went through all stages to their end. */
export const isWhole = ({ request, runs, completed }: Trial): boolean => request === 'short' && completed === runs;

/** Where the most runs trained at once. */
export const mostHeld = (trials: readonly Trial[]): Trial | undefined =>
  [...trials]
    .filter(({ request, runs, inTraining }) => request !== 'practice' && inTraining === runs)
    .sort((a, b) => a.runs - b.runs)
    .at(-1);
