import { writeFileSync } from 'node:fs';
import { packageFile } from '../../src/platform/package-root.js';
import { readChaosResults } from '../chaos/result.js';
import { readSummaries } from '../kills/summary.js';
import { readSiegeResults } from '../siege/result.js';
import { FAULTS } from './faults.js';
import { durabilityPage } from './page.js';
import { readResults, RESULTS } from './result.js';

/** docs/durability.md from everything that was measured, whichever command has measured it last. */
export async function writeDurabilityPage(): Promise<void> {
  const page = await durabilityPage(FAULTS, readResults(RESULTS), readSummaries(), readChaosResults(), readSiegeResults());
  writeFileSync(packageFile('docs', 'durability.md'), page);
}
