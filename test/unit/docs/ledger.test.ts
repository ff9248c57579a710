import { expect, test } from 'vitest';
import { SPENDINGS } from '../../../src/contract/kinds.js';
import { nodeLedgerKeys, runKeys } from '../../../src/domain/store-keys.js';
import { code, page, tableRows } from './page.js';

const text = page('ledger');

test('docs/ledger.md explains every name of a second, and no other', () => {
  expect(tableRows(text, 'name').map(([name]) => code(name as string))).toEqual([...SPENDINGS]);
});

test('docs/ledger.md lists every record, and no other', () => {
  const [key, node, job] = ['<key>', '<node>', '<j>'];
  const all = [
    nodeLedgerKeys.launched(key, node),
    nodeLedgerKeys.ended(key, node),
    nodeLedgerKeys.renewed(key, node),
    nodeLedgerKeys.ready(key, node),
    nodeLedgerKeys.staging(key, node, '<began>' as unknown as number),
    nodeLedgerKeys.jobStarted(key, node, job),
    nodeLedgerKeys.jobSeen(key, node, job),
    nodeLedgerKeys.jobEnded(key, node, job),
    runKeys.stageEnd(key, '<stage>'),
  ].map((path) => path.slice(runKeys.ledger(key).length));
  expect(tableRows(text, 'key').map(([cell]) => code(cell as string))).toEqual(all);
});
