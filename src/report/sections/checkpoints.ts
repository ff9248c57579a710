import type { RunReport } from '../../contract/report.js';
import { bytes, count, counted, duration, percent } from '../format.js';
import type { Section } from '../report-document.js';

/** What it has cost to make checkpoints durable; null where none was. */
export function checkpoints({ uploads, training }: RunReport): Section | null {
  if (uploads.length === 0) return null;
  const total = (pick: (cost: RunReport['uploads'][number]) => number): number =>
    uploads.reduce((sum, cost) => sum + pick(cost), 0);
  const busiest = Math.max(...uploads.map(({ seconds }) => seconds));
  const passedOver = total((cost) => cost.passedOver);
  return {
    id: 'checkpoints',
    title: 'Checkpoints',
    blocks: [
      {
        kind: 'paragraph',
        text:
          `Nodes upload their parts of a checkpoint while training goes on: ${counted(
            total((cost) => cost.uploads),
            'upload',
          )} of ${bytes(total((cost) => cost.bytes))} in all` +
          (training.seconds > 0
            ? `; the busiest node was at it for ${duration(busiest)}, ${percent(busiest / training.seconds)} of the time in steps. `
            : '. ') +
          (passedOver === 0
            ? 'No checkpoint had to give way to a newer one.'
            : `${counted(passedOver, 'part')} gave way to a newer checkpoint, since uploads were slower than checkpoints came.`),
      },
      {
        kind: 'table',
        caption: 'Cost of durable checkpoints by node, over all starts of the ranks',
        columns: [
          { name: 'Node' },
          { name: 'Uploads', numeric: true },
          { name: 'Bytes', numeric: true },
          { name: 'Time', numeric: true },
          { name: 'Longest', numeric: true },
          { name: 'Longest from written to durable', numeric: true },
          { name: 'Passed over', numeric: true },
        ],
        rows: uploads.map((cost) => [
          String(cost.node),
          count(cost.uploads),
          bytes(cost.bytes),
          duration(cost.seconds),
          duration(cost.longestSeconds),
          duration(cost.longestWaitSeconds),
          count(cost.passedOver),
        ]),
      },
    ],
  };
}
