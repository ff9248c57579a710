import type { RunReport } from '../../contract/report.js';
import { accuracyChart } from '../charts/accuracy-chart.js';
import { lossChart } from '../charts/loss-chart.js';
import { trainingLossByEpoch } from '../training-loss-by-epoch.js';
import { count, counted, duration, estimate, loss as nats, percent } from '../format.js';
import type { Block, Section } from '../report-document.js';

export function training(report: RunReport): Section {
  const { training: done } = report;
  const charts = [lossChart(report), accuracyChart(report.epochs)].filter((chart) => chart !== null);
  const perSecond = done.seconds > 0 ? ` (${counted(Math.round(done.numTokens / done.seconds), 'token')}/s)` : '';
  return {
    id: 'training',
    title: 'Training',
    blocks: [
      {
        kind: 'paragraph',
        text: [
          `${counted(done.steps, 'optimizer step')} over ${counted(done.numTokens, 'token')} in `,
          { figure: duration(done.seconds) },
          `${perSecond}. The loss is taken on the ${counted(done.numTargetTokens, 'target token')} alone; packing fills `,
          { figure: percent(done.packingEfficiency) },
          ' of all positions.',
        ],
      },
      ...(charts.length === 0
        ? []
        : [{ kind: 'columns' as const, columns: charts.map((chart) => [{ kind: 'chart' as const, chart }]) }]),
      ...epochTable(report),
    ],
  };
}

function epochTable({ epochs, loss: points }: RunReport): Block[] {
  if (epochs.length === 0) return [];
  const trained = trainingLossByEpoch(epochs, points);
  const chosen = epochs.findIndex((epoch) => epoch.chosen);
  return [
    {
      kind: 'table',
      caption: 'Loss in nats per target token, and accuracy on validation, by epoch',
      columns: [
        { name: 'Epoch' },
        { name: 'Step', numeric: true },
        { name: 'Training loss, mean', numeric: true },
        { name: 'Validation loss', numeric: true },
        { name: 'Validation accuracy', numeric: true },
      ],
      rows: epochs.map((epoch, index) => [
        epoch.chosen ? [{ strong: `${count(epoch.epoch)}, chosen` }] : count(epoch.epoch),
        count(epoch.step),
        trained[index] === null || trained[index] === undefined ? 'not recorded' : nats(trained[index]),
        epoch.validationLoss === null ? 'not measured' : nats(epoch.validationLoss),
        epoch.accuracy === null ? 'not a candidate' : estimate(epoch.accuracy),
      ]),
      marked: chosen === -1 ? undefined : chosen,
    },
  ];
}
