import type { NoticeInput } from '../activities/run/notify.js';
import { notifying } from './acts.js';

/** Tells people outside what became of a run. A workflow of its own, since a receiver that does not answer must hold up no run. */
export async function runNotice(notice: NoticeInput): Promise<void> {
  await notifying.notify(notice);
}
