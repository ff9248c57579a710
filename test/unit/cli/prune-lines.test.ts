import { expect, test } from 'vitest';
import { pruneLines } from '../../../src/cli/prune-lines.js';
import type { PrunePlan, Removal } from '../../../src/domain/pruning.js';

const checkpoint = (n: number): Removal => ({
  kind: 'checkpoint',
  key: `c${n}`,
  bytes: 1e9,
  runKey: 'a',
  why: 'the model is published',
});
const plan: PrunePlan = {
  removals: [checkpoint(1), checkpoint(2), { kind: 'run', key: 'runs/b', bytes: 5e8, runKey: 'b', why: 'named' }],
  kept: [{ runKey: 'c', why: 'it is open' }],
  storeBytes: 4e9,
  removedBytes: 2.5e9,
};

test('what would go is told by run and kind, with bytes and reason, and so is what stays', () => {
  expect(pruneLines(plan, null)).toEqual([
    'store        4.0 GB, 1.5 GB after it',
    'would go     2.0 GB 2 checkpoints of a: the model is published',
    '             500.0 MB all of b: named',
    'stays        c: it is open',
  ]);
});

test('a store that stays too large says by how much, and why', () => {
  expect(pruneLines(plan, 1e9).at(-1)).toMatch(/^still over +500.0 MB more than --max-size: /);
  expect(pruneLines(plan, 1.5e9).at(-1)).toMatch(/^stays /);
});

test('nothing to remove is said', () => {
  expect(pruneLines({ ...plan, removals: [], kept: [], removedBytes: 0 }, null)).toContain('would go     nothing');
});
