import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { SharedMachine } from '../fixtures/measuring-machine.js';
import { packageFile } from '../../src/platform/package-root.js';

/** What docs/durability.md shows. */
export const RESULTS = packageFile('test', 'durability', 'results.jsonl');

const seconds = z.number().nullable();

const Measured = z.strictObject({
  name: z.string(),
  what: z.string().describe('what was done exactly: which rank, which file'),
  step: z.int().describe('the step that the fault waited for'),
  outcome: z
    .string()
    .describe("status of the run's workflow at the end; unknown: there is no server; open: it did not come to an end"),
  cause: z.string().nullable().describe("first cause that the run's records name after the fault"),
  noticedAfter: seconds,
  againAfter: seconds,
  contactAfter: seconds,
  goneAfter: seconds,
  stepsRedone: z.int(),
  stepsOfUpload: z.int().describe('the most steps that were made while a checkpoint was on its way to the store'),
  checkpointEverySteps: z.int(),
  ranksRestarted: z.int(),
  ranksChanged: z.int().describe('ranks at the moment of contact that were not there before the fault'),
  toldTwice: z.int().describe('steps of a rank that are in its events more than once'),
  weightsEqual: z.boolean().nullable().describe('null: the run did not complete'),
  lossesEqual: z.boolean().nullable(),
  usedDamaged: z.boolean().describe('training went on from the checkpoint that the fault had damaged'),
  seconds: z.int().describe('from the command to the end of the run'),
});
/** What a row came to. Times are seconds from the clock that the row's expectation names. */
export type Measured = z.infer<typeof Measured>;

/** One line of the file of results. */
const Result = z.strictObject({
  name: z.string(),
  at: z.iso.datetime(),
  seed: z.int(),
  machine: SharedMachine,
  run: z
    .strictObject({ steps: z.int(), seconds: z.int(), checkpointEverySteps: z.int(), stepSeconds: z.number() })
    .describe('the run that nothing happens to'),
  state: z.enum(['passed', 'failed', 'not run', 'broken']).describe('broken: the row could not be carried out'),
  why: z.string().optional(),
  measured: Measured.optional(),
  leftOver: z.array(z.string()).optional(),
  problems: z.array(z.string()).optional(),
});
export type Result = z.infer<typeof Result>;

export function readResults(file: string): Result[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines.filter((line) => line !== '').map((line) => Result.parse(JSON.parse(line)));
}
