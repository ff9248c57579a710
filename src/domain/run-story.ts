import type { Incident } from '../contract/incident.js';
import type { RunEvent } from '../contract/report.js';
import type { RunOwner, RunRecovery, TakeOver } from '../contract/run.js';
import { named } from './failures.js';

export interface RunHistory {
  owners: readonly RunOwner[];
  recoveries: readonly RunRecovery[];
  takeOvers: readonly TakeOver[];
  incidents: readonly Incident[];
}

/** What happened to a run on its way, over all its executions, in order. */
export function runStory({ owners, recoveries, takeOvers, incidents }: RunHistory): RunEvent[] {
  const starts = owners.map((owner) => ({ at: owner.claimedAt, fence: owner.fence, what: startOf(owner, recoveries, takeOvers) }));
  const events = incidents.map((incident) => ({ at: incident.at, fence: incident.fence, what: turnOf(incident) }));
  return [...starts, ...events].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function startOf({ fence, recovery }: RunOwner, recoveries: readonly RunRecovery[], takeOvers: readonly TakeOver[]): string {
  if (fence === 1) return 'started';
  if (recovery !== null) {
    const reason = recoveries.find(({ number }) => number === recovery)?.reason;
    return `started again without a person, start ${recovery}${reason === undefined ? '' : `, after ${reason}`}`;
  }
  return takeOvers.some((takeOver) => takeOver.fence === fence - 1)
    ? 'started again, taken over from a server that somebody said is lost'
    : 'started again';
}

function turnOf(incident: Incident): string {
  if (incident.event === 'retried')
    return `parked for ${incident.kind}, and ${incident.by === 'person' ? 'let go on by a person' : 'gone on by itself'}`;
  if (incident.event === 'raised') {
    const { maxSpendUsd, maxHourlyUsd } = incident.caps;
    return `a person set maxSpendUsd to ${maxSpendUsd ?? 'none'} and maxHourlyUsd to ${maxHourlyUsd ?? 'none'}`;
  }
  const { scope, kind, message, answer } = incident;
  return `${scope}: ${named({ kind, message })}; ${answer === 'again' ? 'formed again' : 'given up'}`;
}
