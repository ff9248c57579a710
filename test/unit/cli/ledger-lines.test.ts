import { describe, expect, test } from 'vitest';
import { ledgerLines } from '../../../src/cli/ledger-lines.js';
import { situationLines } from '../../../src/cli/situation-lines.js';
import type { Ledger } from '../../../src/contract/ledger.js';
import { runLedger } from '../../../src/domain/ledger/run-ledger.js';
import { at, endAt, failedAt, jobRecord, LAUNCH, nodeRecord, records } from '../../fixtures/ledger-records.js';
import { situation } from '../../fixtures/run-situation.js';

/** A node that trained, whose ranks were killed, and that has ended; and one that goes on. */
function ledger(): Ledger {
  const first = nodeRecord({ jobs: [jobRecord({ end: endAt(70, 'RankKilled') })], ended: { endedAt: at(80) } });
  const provided = { ...nodeRecord().launched, state: 'running' as const, endedAt: null };
  const second = nodeRecord({ provided }, 2, at(20));
  return runLedger(records({ nodes: [first, second], incidents: [failedAt(71)] }), new Date(LAUNCH + 100_000));
}

describe('formwork ledger', () => {
  const lines = ledgerLines(ledger());

  test('says first what was paid, what goes on, and how much of it has trained', () => {
    expect(lines[0]).toBe('run k: 2 min 40 s of 2 nodes paid, 0.1600 USD, 1 node goes on at 3.60 USD an hour; goodput 0.0 %');
  });

  test('has a row for each cause, stage and node, in columns', () => {
    const causes = lines.slice(lines.findIndex((line) => line.startsWith('what for')));
    expect(causes.find((line) => line.startsWith('recovery: RankKilled'))).toMatch(
      /^recovery: RankKilled +10\.0 s +6\.3 % +0\.0100 USD$/,
    );
    // Right-aligned: the costs end where their head does.
    const table = causes.slice(0, causes.indexOf(''));
    expect(new Set(table.map((line) => line.length)).size).toBe(1);
    expect(lines.find((line) => line.startsWith('stage '))).toMatch(/^stage +node time +share +cost$/);
    expect(lines.at(-1)).toMatch(/^node-0-g2 .* 3\.60 USD {2}2026-11-22 20:00:20 UTC {2}goes on$/);
  });

  test('of a run without nodes says so', () => {
    expect(ledgerLines(runLedger(records({ nodes: [] }), new Date(LAUNCH)))).toEqual([
      'run k: no node was launched for it, as far as its ledger goes',
    ]);
  });
});

test('status says in a line what the run has paid, and where its ledger cannot be read, who says why', () => {
  const { milliseconds, usd, hourlyUsd, goodput, nodes } = ledger();
  const spend = { milliseconds, usd, hourlyUsd, goodput, nodes };
  const paid = situationLines(situation({ spend })).filter((line) => line.startsWith('paid'));
  expect(paid).toEqual([expect.stringMatching(/^paid +2 min 40 s of 2 nodes paid, 0\.1600 USD, 1 node goes on/)]);
  expect(situationLines(situation({ spend: null })).join('\n')).toMatch(/^paid +cannot be read; npx formwork ledger viggo-4/m);
});
