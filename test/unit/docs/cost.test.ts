import { expect, test } from 'vitest';
import { costPage } from '../../cost/page.js';
import { MOST_SHARE } from '../../cost/limits.js';
import { readResults } from '../../cost/result.js';
import { page } from './page.js';

test('docs/cost.md shows the results of the repository, as the command writes it', async () => {
  expect(page('cost')).toBe(await costPage(readResults(), MOST_SHARE));
});
