import type { RunReport } from '../../contract/report.js';
import { count, instant } from '../format.js';
import type { Section } from '../report-document.js';

/** What happened to the run on its way; null where nothing did but its start. */
export function story({ story: events }: RunReport): Section | null {
  if (events.length < 2) return null;
  const executions = new Set(events.map(({ fence }) => fence)).size;
  return {
    id: 'story',
    title: 'On the way',
    blocks: [
      {
        kind: 'table',
        caption: `What happened to the run, in ${count(executions)} execution${executions === 1 ? '' : 's'}`,
        columns: [{ name: 'When' }, { name: 'Execution (fence)', numeric: true }, { name: 'What' }],
        rows: events.map(({ at, fence, what }) => [instant(at), count(fence), what]),
      },
    ],
  };
}
