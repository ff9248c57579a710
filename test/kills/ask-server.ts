import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';

const AGAIN_MS = 500;

/** What the server answers when it is there: to be killed and started again is what happens to it here. */
export async function unlessAway<T>(patienceMs: number, ask: () => Promise<T>): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isAnswer = error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError;
      if (isAnswer || Date.now() > end) throw error;
      await delay(AGAIN_MS);
    }
  }
}
