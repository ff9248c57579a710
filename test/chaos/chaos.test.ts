import { beforeAll, describe, expect, it } from 'vitest';
import { CELLS, CHAOS_FAULTS, nameOf } from './cells.js';
import type { CellResult } from './result.js';
import { lineOf, runCells } from './run-cells.js';
import { CHAOS_STRIKES } from './strikes.js';
import { runUnbroken } from './unbroken.js';

/** Which moments are hit is left to chance, and can be repeated. */
const SEED = Number(process.env['FORMWORK_TEST_SEED'] ?? Date.now() % 1_000_000);
/** As in the command. */
const LANES = 2;

const inTest = CELLS.filter(({ isInTest }) => isInTest === true);
let results: CellResult[];

beforeAll(async () => {
  process.stdout.write(`faults at random moments of a stage, FORMWORK_TEST_SEED=${SEED}\n`);
  const unbroken = await runUnbroken();
  results = await runCells(inTest, unbroken, { seed: SEED, lanes: LANES }, (result) => process.stdout.write(`${lineOf(result)}\n`));
});

describe.each(inTest)('$fault in stage $stage', (cell) => {
  const missing = CHAOS_STRIKES[cell.fault].missing?.() ?? null;
  if (missing !== null) process.stdout.write(`${nameOf(cell)}: not run, ${missing}\n`);

  it.skipIf(missing !== null)(`${CHAOS_FAULTS[cell.fault]}: ends as the table says, adds up, and leaves nothing`, () => {
    expect(results.find(({ name }) => name === nameOf(cell))).toMatchObject({
      state: 'passed',
      end: cell.end,
      problems: [],
      leftOver: [],
    });
  });
});
