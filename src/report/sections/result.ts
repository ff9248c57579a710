import type { RunReport } from '../../contract/report.js';
import type { Estimate } from '../../contract/score.js';
import { comparisonChart } from '../charts/comparison-chart.js';
import { count, counted, difference, differenceInterval, estimate, interval, percent, points } from '../format.js';
import { modelName } from '../model-name.js';
import type { Block } from '../report-document.js';
import type { Text } from '../report-text.js';
import { practiceNote } from './practice-note.js';

/** The result in one sentence. It claims a change only where the interval of the difference leaves out zero. */
export function resultTitle({ headline, plan }: RunReport): Text {
  const { before, after, difference: change } = headline.comparison;
  const name = modelName(plan.model);
  const fromTo = [' from ', { figure: percent(before.value) }, ' to ', { figure: estimate(after) }, ` right on ${headline.split}`];
  if (change.low > 0) return [`Fine-tuning raised ${name}`, ...fromTo];
  if (change.high < 0) return [`Fine-tuning lowered ${name}`, ...fromTo];
  return [`Fine-tuning did not measurably change ${name}:`, ...fromTo];
}

export function lead({ headline }: RunReport): Text {
  const { comparison, nearestNeighbour } = headline;
  return [
    'The difference is ',
    { figure: difference(comparison.difference) },
    ` over ${counted(comparison.items, 'item')} in ${counted(headline.groups, 'group')}. `,
    'The nearest neighbour, which answers with the training row of the most similar input, gets ',
    { figure: estimate(nearestNeighbour) },
    `; the fine-tuned model is ${beside(comparison.after, nearestNeighbour)}.`,
  ];
}

export function result(report: RunReport): Block[] {
  const { headline } = report;
  const { before, after, difference: change, items, gained, lost } = headline.comparison;
  return [
    ...practiceNote(report.plan),
    {
      kind: 'figures',
      items: [
        { label: 'Before', value: percent(before.value), detail: interval(before) },
        {
          label: 'Nearest neighbour',
          value: percent(headline.nearestNeighbour.value),
          detail: interval(headline.nearestNeighbour),
        },
        { label: 'After', value: percent(after.value), detail: interval(after), main: true },
        { label: 'Difference, points', value: points(change.value), detail: differenceInterval(change) },
      ],
    },
    {
      kind: 'columns',
      columns: [
        [{ kind: 'chart', chart: comparisonChart(headline) }],
        [
          {
            kind: 'facts',
            items: [
              { term: 'What counts as right', value: headline.measure },
              { term: 'Items', value: `${count(items)} of ${headline.split}, in ${counted(headline.groups, 'group')}` },
              { term: 'Changed', value: `${counted(gained, 'item')} gained, ${count(lost)} lost` },
              { term: 'Intervals', value: headline.interval },
              { term: 'Judge', value: headline.judge },
            ],
          },
        ],
      ],
    },
  ];
}

/** The two were not compared item by item, so no more is said than their intervals show. */
function beside(after: Estimate, neighbour: Estimate): string {
  if (after.low > neighbour.high) return 'above it, and the intervals do not overlap';
  if (after.high < neighbour.low) return 'below it, and the intervals do not overlap';
  return 'not clearly apart from it: the intervals overlap';
}
