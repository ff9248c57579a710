import { expect, test } from 'vitest';
import { contentKeys, runKeys, trajectoryKeys } from '../../../src/domain/store-keys.js';
import { code, page, tableRows } from './page.js';

// Stand where numbers go: the page shows the shape of a key, not one of them.
const [n, t] = ['<n>', '<t>'] as unknown as [number, number];
const key = '<key>';
const round = runKeys.round(key, '<r>');
const trajectory = trajectoryKeys.root(round, t);

const files = [
  runKeys.request(key),
  runKeys.owner(key, n),
  runKeys.plan(key, n),
  runKeys.stages(key, n),
  runKeys.step(key, '<stage>'),
  runKeys.ended(key),
  `${runKeys.incidents(key)}<n>.json`,
  trajectoryKeys.record(round, t),
];
const folders = [
  contentKeys.dataset('<sha256>'),
  contentKeys.model('<sha256>'),
  runKeys.job(key, '<fence>' as unknown as number, '<job>'),
  trajectoryKeys.checkpoint(trajectory, 100),
  trajectoryKeys.snapshot(trajectory, 1),
  runKeys.evaluation(key, '<id>'),
  runKeys.model(key),
  runKeys.report(key),
].map((folder) => `${folder}/`);

test.each([...files, ...folders])('docs/storage.md has a row for %s', (path) => {
  expect(tableRows(page('storage'), 'key').map(([cell]) => code(cell as string))).toContain(path);
});
