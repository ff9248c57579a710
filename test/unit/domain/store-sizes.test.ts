import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentKeys, runKeys, trajectoryKeys } from '../../../src/domain/store-keys.js';
import { storeSizes } from '../../../src/domain/store-sizes.js';

const trajectory = trajectoryKeys.root(runKeys.round('a', '0'), 1);

test.each([
  ['checkpoints', `${trajectoryKeys.checkpoint(trajectory, 10)}/rank-0.bin`],
  ['epochs', `${trajectoryKeys.snapshot(trajectory, 1)}/model.safetensors`],
  ['published models', `${runKeys.model('a')}/model.safetensors`],
  ['base models', `${contentKeys.model('x')}/model.safetensors`],
  ['datasets', `${contentKeys.dataset('x')}/train.jsonl`],
  ['logs', `${trajectory}/node-0/logs/rank-0/000000000000-000000000010`],
  ['logs', `${runKeys.job('a', 1, 'init')}/logs/rank-0/000000000000-000000000010`],
  ['events', `${trajectory}/node-0/events/rank-0/000000000000-000000000010`],
  ['records', runKeys.owner('a', 1)],
])('%s are known by a key like %s', (kind, key) => {
  expect(storeSizes([{ key, bytes: 7 }])).toEqual([{ kind, bytes: 7 }]);
});

test('every byte is counted once', () => {
  const key = fc.constantFrom('runs/a/model/x', 'models/x/y', 'runs/a/owners/1.json', `${trajectory}/epochs/epoch-0001/x`, 'else');
  fc.assert(
    fc.property(fc.array(fc.record({ key, bytes: fc.nat() })), (objects) => {
      const sum = (all: readonly { bytes: number }[]): number => all.reduce((total, { bytes }) => total + bytes, 0);
      expect(sum(storeSizes(objects))).toBe(sum(objects));
    }),
  );
});
