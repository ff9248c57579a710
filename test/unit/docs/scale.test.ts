import { expect, test } from 'vitest';
import { scalePage } from '../../scale/page.js';
import { readTrials } from '../../scale/result.js';
import { page } from './page.js';

test('docs/scale.md shows the results of the repository, as the command writes it', async () => {
  expect(page('scale')).toBe(await scalePage(readTrials()));
});
