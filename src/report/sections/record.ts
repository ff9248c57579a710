import type { RunReport } from '../../contract/report.js';
import { instant } from '../format.js';
import type { Section } from '../report-document.js';

/** What names this run's inputs and outputs exactly, and what repeats it. */
export function record({ plan, runKey, outcome, generatedAt, datasetId, training, headline }: RunReport): Section {
  const { request, ...resolved } = plan;
  return {
    id: 'record',
    title: 'Record',
    blocks: [
      {
        kind: 'facts',
        items: [
          { term: 'Run key', value: [{ code: runKey }] },
          { term: 'Outcome', value: outcome },
          { term: 'Task', value: plan.task },
          { term: 'Report made', value: instant(generatedAt) },
          { term: 'formwork', value: plan.formworkVersion },
          { term: 'Judge', value: headline.judge },
          { term: 'Dataset', value: [{ code: datasetId }] },
          { term: 'Weights, SHA-256', value: [{ code: training.weightsSha256 }] },
        ],
      },
      { kind: 'json', title: 'Request, every field', value: request },
      { kind: 'json', title: 'Plan, every choice made', value: resolved },
    ],
  };
}
