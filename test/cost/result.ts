import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { packageFile } from '../../src/platform/package-root.js';
import { MeasuringMachine } from '../fixtures/measuring-machine.js';

/** What docs/cost.md shows. */
const RESULTS = packageFile('test', 'cost', 'results.json');

const byRole = z.record(z.string(), z.number());

export const Share = z.strictObject({
  seconds: z.number().describe('wall time, from the start of the ranks'),
  steps: z.int(),
  training: byRole.describe('CPU-seconds by role within that time'),
  sinceCommand: byRole.describe('CPU-seconds by role from the command to the same end'),
  elsewhere: z.number().describe('CPU-seconds that all other processes of the machine used meanwhile, the measurement included'),
});
export type Share = z.infer<typeof Share>;

/** One training by formwork and the same ranks by hand after it; seconds from the start of the first rank to the end of the last. */
export const Pair = z.strictObject({ formwork: z.number(), byHand: z.number(), steps: z.int() });
export type Pair = z.infer<typeof Pair>;

const Results = z.strictObject({
  share: z.strictObject({ at: z.iso.datetime(), machine: MeasuringMachine, ...Share.shape }).nullable(),
  wall: z.strictObject({ at: z.iso.datetime(), machine: MeasuringMachine, pairs: z.array(Pair) }).nullable(),
});
export type Results = z.infer<typeof Results>;

export function readResults(): Results {
  return existsSync(RESULTS) ? Results.parse(JSON.parse(readFileSync(RESULTS, 'utf8'))) : { share: null, wall: null };
}

export function writeResults(results: Results): void {
  writeFileSync(RESULTS, `${JSON.stringify(Results.parse(results), null, 2)}\n`);
}
