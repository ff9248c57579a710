import { expect, test } from 'vitest';
import { CELLS, nameOf } from '../../chaos/cells.js';

test('the table of cells names each fault in each stage once', () => {
  const names = CELLS.map(nameOf);
  expect(new Set(names).size).toBe(names.length);
});
