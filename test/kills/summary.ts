import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { packageFile } from '../../src/platform/package-root.js';
import { MeasuringMachine } from '../fixtures/measuring-machine.js';

/** What docs/durability.md tells of the newest whole `npm run kills`. */
const FILE = packageFile('test', 'kills', 'summaries.json');

const Summary = z.strictObject({
  runner: z.enum(['stand-in', 'deepspeed']),
  machine: MeasuringMachine,
  firstSeed: z.int(),
  seeds: z.int(),
  failedSeeds: z.array(z.int()),
  faults: z.array(z.string()).describe('what was wrong beside any one seed'),
  kills: z.int(),
  pauses: z.int(),
  gangs: z.int().describe('trajectories of all rounds'),
  unbrokenSeconds: z.number().describe('of the round that nothing happened to'),
  seconds: z.int().describe('of everything'),
});
export type Summary = z.infer<typeof Summary>;

export const readSummaries = (): Summary[] =>
  existsSync(FILE) ? z.array(Summary).parse(JSON.parse(readFileSync(FILE, 'utf8'))) : [];

/** Those of a runner take the place of the ones before. */
export function keepSummary(summary: Summary): void {
  const kept = [...readSummaries().filter(({ runner }) => runner !== summary.runner), summary];
  // The order of the command, whichever of them was run last.
  kept.sort((a, b) => b.runner.localeCompare(a.runner));
  writeFileSync(FILE, `${JSON.stringify(kept, null, 2)}\n`);
}
