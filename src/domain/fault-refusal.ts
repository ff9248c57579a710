import { faultRule, type FaultKind } from './fault-table.js';

/** For what renews a lease after an outage, so that its nodes do not end themselves just then. */
const RENEWAL_SECONDS = 60;

interface RunToBreak {
  runKey: string;
  /** Who lends its nodes. */
  provider: string;
  leaseMinutes: number;
  /** On the server that was asked. */
  state: 'open' | 'closed' | 'unknown';
  /** Other runs of this home that are open. */
  others: readonly string[];
  /** How long it is to last; null: it is over in a moment. */
  seconds: number | null;
}

/** Why this run must not be struck so, with what to do instead; null: it may be. Nobody but that run may come to harm. */
export function faultRefusal(kind: FaultKind, run: RunToBreak): string | null {
  const { runKey, provider, state, others, seconds } = run;
  const { strikes, lasts } = faultRule(kind);
  if (provider !== 'local')
    return `run ${runKey} has its nodes from ${provider}: faults are for the provider local alone, where no machine is paid for or shared`;
  if (state === 'closed') return `run ${runKey} is over: a fault needs one that is open; formwork list shows them`;
  if (state === 'unknown') return `the server that is up does not know run ${runKey}, so it cannot be told whether it is open`;
  if (strikes === 'control plane' && others.length > 0)
    return `${kind} would strike ${others.join(', ')} as well, since server and control worker are shared; wait for the end of the others`;
  if (lasts !== true) return seconds === null ? null : `${kind} is over in a moment; leave out --seconds`;
  const longest = longestOutage(run);
  return seconds !== null && seconds > longest
    ? `${seconds} s are too long: nodes end themselves after ${run.leaseMinutes} minutes without renewal; at most --seconds ${longest}`
    : null;
}

/** The last renewal may be a third of the lease ago when it begins. */
const longestOutage = ({ leaseMinutes }: RunToBreak): number => Math.floor((leaseMinutes * 60 * 2) / 3) - RENEWAL_SECONDS;
