import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { RunResult } from '../contract/run.js';
import { runPage } from '../domain/run-page.js';
import { difference, estimate } from '../report/format.js';
import type { Narration } from './narration.js';
import { PlainView } from './plain-view.js';
import { watchRun, type RunView } from './run-watch.js';
import { TreeView } from './tree-view.js';

/**
 * Shows a run until it closes, as a tree on a terminal and as lines elsewhere. null: the watching was ended, not the run: by the
 * signal, or without a terminal because the run is parked, and whoever reads the lines cannot be asked to help.
 */
export async function followRun(
  client: Client,
  workflowId: string,
  { say, isLive }: Narration,
  signal: AbortSignal,
): Promise<RunResult | null> {
  if (!isLive) {
    const view = new PlainView(say);
    const parked = new AbortController();
    const show = (one: RunView): void => {
      view.show(one);
      if (one.status.parked?.againAt === null) parked.abort();
    };
    return watchRun(client, workflowId, show, AbortSignal.any([signal, parked.signal]));
  }
  const view = new TreeView();
  try {
    return await watchRun(client, workflowId, (one) => view.show(one), signal);
  } finally {
    await view.close();
  }
}

/** What is left when a command ends while its run is parked, and what to type. */
export const leftParked = (runKey: string): string =>
  `run ${runKey} waits for a person, and server and worker stay up for it: npx formwork status ${runKey} says what would help ` +
  `and what to type, npx formwork down ends them`;

/** What came of a run, in lines: before, after, difference; where the report lies; where to look. */
export function resultLines(
  result: RunResult,
  options: { store: string; uiUrl: string | null; namespace: string; workflowId: string },
): string[] {
  const lines: string[] = [];
  if (result.test !== null) {
    lines.push(
      `before      ${estimate(result.test.before)} of ${result.test.items} test items right`,
      `after       ${estimate(result.test.after)}, epoch ${result.chosenEpoch ?? '?'}`,
      `difference  ${difference(result.test.difference)} (95 % interval)`,
    );
  } else lines.push(result.message);
  if (result.reportKey !== null) lines.push(`report      ${join(options.store, result.reportKey, 'report.html')}`);
  const link = runPage(options);
  if (link !== null) lines.push(`run         ${link}`);
  return lines;
}
