/**
 * `npm run chaos [-- cell ...]`: every cell of cells.ts against the run that nothing happens to; docs/durability.md is written when all of
 * them were asked for. A cell is named fault@stage; a fault or a stage alone names all of its cells. FORMWORK_TEST_SEED chooses the moments.
 */
import { writeFileSync } from 'node:fs';
import { prepareTestMachine } from '../../bin/test-machine.js';
import { writeDurabilityPage } from '../durability/write-page.js';
import { sharedMachine } from '../fixtures/measuring-machine.js';
import { CELLS, nameOf } from './cells.js';
import { CHAOS_RESULTS, type ChaosResults } from './result.js';
import { lineOf, runCells } from './run-cells.js';
import { runUnbroken } from './unbroken.js';

/** Two runs leave fewer cores idle while one waits for a poll or an outage; more of them only take them from each other. */
const LANES = 2;

const names = process.argv.slice(2);
const cells = CELLS.filter(
  (cell) => names.length === 0 || [nameOf(cell), cell.fault, cell.stage].some((name) => names.includes(name)),
);
const known = new Set(CELLS.flatMap((cell) => [nameOf(cell), cell.fault, cell.stage]));
const unknown = names.filter((name) => !known.has(name));
if (unknown.length > 0) {
  process.stderr.write(`no such cell: ${unknown.join(', ')}; there are ${CELLS.map(nameOf).join(', ')}\n`);
  process.exit(2);
}

const seed = Number(process.env['FORMWORK_TEST_SEED'] ?? Date.now() % 1_000_000);
const { env } = await prepareTestMachine();
Object.assign(process.env, env);
const began = Date.now();
process.stdout.write(`${cells.length} cells, ${LANES} at once, FORMWORK_TEST_SEED=${seed}\n`);
const unbroken = await runUnbroken();
process.stdout.write(`unbroken: ${unbroken.seconds} s, weights ${unbroken.evidence.weightsSha256}\n`);
const results = await runCells(cells, unbroken, { seed, lanes: LANES }, (result) => process.stdout.write(`${lineOf(result)}\n`));
const seconds = Math.round((Date.now() - began) / 1000);

if (names.length === 0) {
  const kept: ChaosResults = {
    seed,
    lanes: LANES,
    machine: sharedMachine(),
    unbrokenSeconds: unbroken.seconds,
    seconds,
    cells: results,
  };
  writeFileSync(CHAOS_RESULTS, `${JSON.stringify(kept, null, 2)}\n`);
  await writeDurabilityPage();
}
const count = (...states: string[]): number => results.filter(({ state }) => states.includes(state)).length;
const failed = count('failed', 'broken');
const notRun = count('not run');
process.stdout.write(
  `\n${count('passed')} passed, ${failed} failed${notRun === 0 ? '' : `, ${notRun} not run`} in ${(seconds / 60).toFixed(1)} minutes\n`,
);
process.exitCode = failed === 0 && count('passed') > 0 ? 0 : 1;
