import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { SharedMachine } from '../fixtures/measuring-machine.js';
import { packageFile } from '../../src/platform/package-root.js';

/** What docs/durability.md shows. */
export const CHAOS_RESULTS = packageFile('test', 'chaos', 'results.json');

const CellResult = z.strictObject({
  name: z.string(),
  state: z.enum(['passed', 'failed', 'not run', 'broken']).describe('broken: the cell could not be carried out'),
  why: z.string().optional().describe('of a cell that was not run or is broken'),
  what: z.string().describe('what was done exactly'),
  end: z.string().describe('one of the ends of the table, or as what the server closed it'),
  executions: z.int(),
  nodes: z.int().describe('machines that it has leased in all'),
  nodeSeconds: z.number().describe('that were paid for'),
  problems: z.array(z.string()),
  leftOver: z.array(z.string()),
  seconds: z.int().describe('from the command to the end of the run'),
});
export type CellResult = z.infer<typeof CellResult>;

export const ChaosResults = z.strictObject({
  seed: z.int(),
  lanes: z.int().describe('cells at once'),
  machine: SharedMachine,
  unbrokenSeconds: z.int(),
  seconds: z.int().describe('all cells'),
  cells: z.array(CellResult),
});
export type ChaosResults = z.infer<typeof ChaosResults>;

/** null: never measured. */
export function readChaosResults(): ChaosResults | null {
  return existsSync(CHAOS_RESULTS) ? ChaosResults.parse(JSON.parse(readFileSync(CHAOS_RESULTS, 'utf8'))) : null;
}
