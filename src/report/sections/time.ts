import type { RunReport } from '../../contract/report.js';
import { stageChart } from '../charts/stage-chart.js';
import { stageTimes } from '../stage-times.js';
import { count, counted, duration, instant, percent, timeOfDay } from '../format.js';
import type { Block, Section } from '../report-document.js';

export function time(report: RunReport): Section | null {
  const times = stageTimes(report);
  const first = times.stages[0];
  if (first === undefined) return null;
  const { training } = report;
  const table: Block = {
    kind: 'table',
    caption: 'Time by stage',
    columns: [
      { name: 'Stage' },
      { name: 'Began (UTC)', numeric: true },
      { name: 'Took', numeric: true },
      { name: 'Share', numeric: true },
      { name: 'What came of it', prose: true },
    ],
    rows: times.stages.map((stage) => [
      stage.name,
      timeOfDay(stage.startedAt),
      stage.ended ? duration(stage.seconds) : `${duration(stage.seconds)} so far`,
      times.seconds > 0 ? percent(stage.seconds / times.seconds) : '',
      stage.note,
    ]),
  };
  return {
    id: 'time',
    title: 'Time and tokens',
    blocks: [
      {
        kind: 'paragraph',
        text: [
          { figure: duration(times.seconds) },
          ' from the first stage (',
          { figure: instant(first.startedAt) },
          ') to the last.',
        ],
      },
      {
        kind: 'columns',
        columns: [
          [{ kind: 'chart', chart: stageChart(times) }],
          [
            {
              kind: 'facts',
              items: [
                { term: 'Tokens trained on', value: count(training.numTokens) },
                { term: 'of them targets', value: count(training.numTargetTokens) },
                { term: 'Time in steps', value: duration(training.seconds) },
                ...speeds(report).map(({ term, value }) => ({ term, value: `${counted(Math.round(value), 'token')}/s` })),
              ],
            },
          ],
        ],
      },
      table,
    ],
  };
}

function speeds({ training, loss }: RunReport): { term: string; value: number }[] {
  const sorted = loss.map((point) => point.tokensPerSecond).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  return [
    ...(training.seconds > 0 ? [{ term: 'Speed, mean', value: training.numTokens / training.seconds }] : []),
    ...(median === undefined ? [] : [{ term: 'Speed, median step', value: median }]),
  ];
}
