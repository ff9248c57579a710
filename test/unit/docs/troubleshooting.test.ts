import { describe, expect, test } from 'vitest';
import { FAILURE_KINDS, type FailureKind } from '../../../src/contract/kinds.js';
import { FAILURES } from '../../../src/domain/failures.js';
import { decideGang } from '../../../src/domain/gang-decision.js';
import { judgeLaunch } from '../../../src/domain/launch-patience.js';
import { situationLines } from '../../../src/cli/situation-lines.js';
import { troubled } from '../../fixtures/run-situation.js';
import { code, codeBlocks, page, tableRows } from './page.js';

const rows = new Map(tableRows(page('troubleshooting'), 'kind').map(([kind, ...cells]) => [code(kind as string), cells]));

/** How often a gang is formed again for this kind. */
function budgetOf(kind: FailureKind): number {
  let used = {};
  for (let times = 0; ; times += 1) {
    const decision = decideGang(kind, '', used);
    if (decision.action === 'fail') return times;
    used = decision.used;
  }
}

/** How often a launch that ended with this kind is tried again. */
function launchesOf(kind: FailureKind): number {
  for (let refusals = 1; ; refusals += 1) if (judgeLaunch({ kind, refusals }).action === 'fail') return refusals - 1;
}

describe('docs/troubleshooting.md', () => {
  test('has a row for every failure kind, and for no other', () => {
    expect([...rows.keys()]).toEqual([...FAILURE_KINDS]);
  });

  test.each(FAILURE_KINDS)('%s has a meaning and something to do', (kind) => {
    const [meaning, , remedy] = rows.get(kind) ?? [];
    expect(meaning).not.toBe('');
    expect(remedy).not.toBe('');
  });

  test.each(FAILURE_KINDS)('%s is said to be tried again as it is', (kind) => {
    const [, again = ''] = rows.get(kind) ?? [];
    const budget = budgetOf(kind);
    if (budget > 0) expect(again).toContain(`formed again, ${budget} times`);
    else expect(again).not.toContain('formed again');
    expect(again.startsWith('by the activity')).toBe(FAILURES[kind].retry === 'policy');
    const launches = launchesOf(kind);
    if (launches > 0 && budget === 0) expect(again).toContain(`launched again, ${launches} times`);
    expect(again === 'no').toBe(FAILURES[kind].retry !== 'policy' && budget === 0 && launches === 0);
  });

  test('shows a status as the command prints it', () => {
    const [shown] = codeBlocks(page('troubleshooting'));
    expect((shown as string).trimEnd().split('\n')).toEqual(situationLines(troubled()));
  });
});
