import type { RunSituation } from '../contract/run-situation.js';
import { POLL_SECONDS } from './node-contact.js';

/** Does a control worker take work? Its own answer is the better proof; of polls the server remembers also those of the dead. */
export function isPolled({ lastPollAt, problem }: NonNullable<RunSituation['control']>, now: string): boolean {
  if (problem === null) return true;
  return lastPollAt !== null && Date.parse(now) - Date.parse(lastPollAt) <= POLL_SECONDS * 1000;
}
