import { setTimeout as delay } from 'node:timers/promises';
import { ServiceError, type Client } from '@temporalio/client';
import { runWorkflowId } from '../../src/domain/names.js';
import { quantilesOf } from './quantiles.js';
import type { Trial } from './result.js';

/** As the terminal of one person who watches. */
const PAUSE_MS = 500;
/** A person has given up by then. */
const PATIENCE_MS = 10_000;

/** Asks one run after the other for its status while `work` goes on. */
export async function whileAsked<T>(
  client: Client,
  runKeys: readonly string[],
  work: Promise<T>,
): Promise<{ value: T; status: Trial['status']['ramp'] }> {
  const seconds: number[] = [];
  let unanswered = 0;
  let isOver = false as boolean;
  const mark = (): void => void (isOver = true);
  work.then(mark, mark);
  // A step that has no divisor in common with how many there are comes by all of them.
  for (let index = 0; !isOver; index += 7) {
    const runKey = runKeys[index % runKeys.length] as string;
    const began = performance.now();
    try {
      await client.withDeadline(Date.now() + PATIENCE_MS, () => client.workflow.getHandle(runWorkflowId(runKey)).query('status'));
      seconds.push((performance.now() - began) / 1000);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      unanswered += 1;
    }
    await delay(PAUSE_MS);
  }
  return { value: await work, status: { answered: quantilesOf(seconds), unanswered } };
}
