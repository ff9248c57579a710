import { beforeAll, describe, expect, it } from 'vitest';
import { FAULTS } from './faults.js';
import { judge } from './judge.js';
import { measureReference, startRow, type Row } from './measure.js';
import type { Reference } from './reference.js';
import { shortTraining } from './request.js';

/** Which steps are hit is left to chance, and can be repeated. */
const SEED = Number(process.env['FORMWORK_TEST_SEED'] ?? Date.now() % 1_000_000);

const rows = new Map<string, Row>();
const inTest = FAULTS.filter(({ isInTest }) => isInTest === true);
let reference: Reference;

beforeAll(async () => {
  process.stdout.write(`faults at random steps, FORMWORK_TEST_SEED=${SEED}\n`);
  reference = await measureReference(shortTraining);
});

describe.each(inTest)('$name: $does', (fault) => {
  const missing = fault.missing?.() ?? null;
  if (missing !== null) process.stdout.write(`${fault.name}: not run, ${missing}\n`);

  it.skipIf(missing !== null)('ends as the table says', async () => {
    const row = startRow(fault, shortTraining, reference, SEED);
    rows.set(fault.name, row);
    const measured = await row.measured;
    expect(judge(fault.expected, measured), JSON.stringify(measured)).toEqual([]);
  });
});

// Beside the rows after it, so at the end little of the two minutes is left to wait.
describe.each(inTest)('two minutes after $name', ({ name }) => {
  it('nothing is left', async (context) => {
    const row = rows.get(name);
    if (row === undefined) return context.skip();
    expect(await row.leftOver).toEqual([]);
  });
});
