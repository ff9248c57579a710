import type { Ledger, LedgerNode } from '../contract/ledger.js';
import { sumByCause, sumByStage, type LedgerSum } from '../domain/ledger/ledger-sums.js';
import { counted, duration, instant, percent, usd } from '../report/format.js';

/** What a run has paid, for a person: all of it, by what it was for, by stage, by node. */
export function ledgerLines(ledger: Ledger): string[] {
  const { runKey, nodes, milliseconds } = ledger;
  if (nodes.length === 0) return [`run ${runKey}: no node was launched for it, as far as its ledger goes`];
  const row = (name: string, sum: LedgerSum): string[] => [
    name,
    duration(sum.milliseconds / 1000),
    milliseconds === 0 ? '' : percent(sum.milliseconds / milliseconds),
    usd(sum.usd),
  ];
  return [
    `run ${runKey}: ${spendInWords(ledger)}`,
    '',
    ...table(
      ['what for', 'node time', 'share', 'cost'],
      sumByCause(ledger).map((sum) => row(sum.cause === null ? sum.spending : `${sum.spending}: ${sum.cause}`, sum)),
    ),
    '',
    ...table(
      ['stage', 'node time', 'share', 'cost'],
      sumByStage(ledger).map((sum) => row(sum.stage, sum)),
    ),
    '',
    ...table(
      ['node', 'node time', 'share', 'cost', 'an hour', 'from', 'to'],
      nodes.map((node) => [...row(node.nodeId, node), usd(node.pricePerHourUsd), instant(node.launchedAt), endOf(node)]),
    ),
  ];
}

/** e.g. "12 min 30 s of 2 nodes paid, 0.75 USD; goodput 61.2 %". */
export function spendInWords({
  milliseconds,
  usd: spent,
  hourlyUsd,
  goodput,
  nodes,
}: Pick<Ledger, 'milliseconds' | 'usd' | 'hourlyUsd' | 'goodput' | 'nodes'>): string {
  const open = nodes.filter(({ endedAt }) => endedAt === null).length;
  const going = open === 0 ? '' : `, ${counted(open, 'node')} ${open === 1 ? 'goes' : 'go'} on at ${usd(hourlyUsd)} an hour`;
  const share = goodput === null ? '' : `; goodput ${percent(goodput)}`;
  return `${duration(milliseconds / 1000)} of ${counted(nodes.length, 'node')} paid, ${usd(spent)}${going}${share}`;
}

function endOf({ endedAt, endIsKnown }: LedgerNode): string {
  if (endedAt === null) return endIsKnown ? 'goes on' : 'unknown to its provider; counted until now';
  return endIsKnown ? instant(endedAt) : `${instant(endedAt)}, its deadline: its provider does not know it`;
}

/** Columns as wide as their widest cell; the first is text, and so is what comes after the fifth. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const isText = (column: number): boolean => column === 0 || column > 4;
  return all.map((row) =>
    row
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
