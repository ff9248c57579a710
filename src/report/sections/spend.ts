import { sumByCause, sumByStage, type LedgerSum } from '../../domain/ledger/ledger-sums.js';
import type { LedgerNode } from '../../contract/ledger.js';
import type { RunReport } from '../../contract/report.js';
import { counted, duration, instant, percent, usd } from '../format.js';
import type { Section, Table } from '../report-document.js';

const UNREADABLE = 'A record of what the nodes did could not be read when this report was made; formwork ledger says which.';

/** What the run has paid for its nodes, and what for; null where no node was paid for. */
export function spend({ ledger }: RunReport): Section | null {
  if (ledger === null) return { id: 'spend', title: 'At which price', blocks: [{ kind: 'paragraph', text: UNREADABLE }] };
  if (ledger.milliseconds === 0) return null;
  const { milliseconds, kept, goodput, nodes } = ledger;
  const cells = (sum: LedgerSum): string[] => [
    duration(sum.milliseconds / 1000),
    percent(sum.milliseconds / milliseconds),
    usd(sum.usd),
  ];
  return {
    id: 'spend',
    title: 'At which price',
    blocks: [
      {
        kind: 'paragraph',
        text: [
          { figure: duration(milliseconds / 1000) },
          ` of ${counted(nodes.length, 'node')} were paid, `,
          { figure: usd(ledger.usd) },
          '. Of that ',
          { figure: duration(kept / 1000) },
          ' were training steps that are in these weights: a goodput of ',
          { figure: percent(goodput ?? 0) },
          '.',
        ],
      },
      table(
        'Node time by what it was for',
        ['What for', 'Because of'],
        sumByCause(ledger).map((sum) => [sum.spending, sum.cause ?? '', ...cells(sum)]),
      ),
      table(
        'Node time by stage',
        ['Stage'],
        sumByStage(ledger).map((sum) => [sum.stage, ...cells(sum)]),
      ),
      table(
        'Node time by node',
        ['Node', 'Launched', 'Ended'],
        nodes.map((node) => [node.nodeId, instant(node.launchedAt), endOf(node), ...cells(node)]),
      ),
      { kind: 'json', title: 'Ledger', value: ledger },
    ],
  };
}

const endOf = ({ endedAt, endIsKnown }: LedgerNode): string =>
  endedAt === null ? 'not yet' : `${instant(endedAt)}${endIsKnown ? '' : ', its deadline'}`;

const table = (caption: string, names: readonly string[], rows: Table['rows']): Table => ({
  kind: 'table',
  caption,
  columns: [
    ...names.map((name) => ({ name })),
    { name: 'Node time', numeric: true },
    { name: 'Share', numeric: true },
    { name: 'Cost', numeric: true },
  ],
  rows,
});
