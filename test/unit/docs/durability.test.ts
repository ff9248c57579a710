import { describe, expect, test } from 'vitest';
import { FAULTS } from '../../durability/faults.js';
import { readChaosResults } from '../../chaos/result.js';
import { durabilityPage } from '../../durability/page.js';
import { readResults, RESULTS } from '../../durability/result.js';
import { readSummaries } from '../../kills/summary.js';
import { readSiegeResults } from '../../siege/result.js';
import { code, page, tableRows } from './page.js';

const text = page('durability');

describe('docs/durability.md', () => {
  test('is what the results that are kept with it come to', async () => {
    expect(text).toBe(await durabilityPage(FAULTS, readResults(RESULTS), readSummaries(), readChaosResults(), readSiegeResults()));
  });

  test('says of every row what has to come of it, and what came of it', () => {
    const names = FAULTS.map(({ name }) => name);
    expect(tableRows(text, 'row').map(([name]) => code(name as string))).toEqual([...names, ...names]);
  });
});
