import type { RunReport } from '../../contract/report.js';
import { count, instant } from '../format.js';
import type { Section } from '../report-document.js';

/** How training was taken up again; null where it ran through in one go. */
export function resumes({ trajectories, loss }: RunReport): Section | null {
  if (trajectories.length < 2) return null;
  return {
    id: 'resumes',
    title: 'Resumes',
    blocks: [
      {
        kind: 'paragraph',
        text: `The ranks were started ${count(trajectories.length)} times. A start goes on from a checkpoint, and steps done after it are done again; the ${count(loss.length)} steps of the loss curve are those that were kept.`,
      },
      {
        kind: 'table',
        caption: 'Starts of the ranks (trajectories)',
        columns: [
          { name: 'Trajectory' },
          { name: 'Went on from' },
          { name: 'Passed over' },
          { name: 'Execution (fence)', numeric: true },
          { name: 'Started' },
        ],
        rows: trajectories.map((start) => [
          count(start.trajectory),
          start.forkedFrom ?? 'the first step',
          start.passedOver.length === 0 ? 'nothing' : start.passedOver.join('; '),
          count(start.fence),
          instant(start.openedAt),
        ]),
      },
    ],
  };
}
