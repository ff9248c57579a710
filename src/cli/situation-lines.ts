import type { NodeSituation, PendingActivity, RunSituation } from '../contract/run-situation.js';
import { isPolled } from '../domain/control-contact.js';
import { FAILURES, named } from '../domain/failures.js';
import { isOfServer, judgeRecovery } from '../domain/recovery.js';
import { count, duration, secondsBetween, usd } from '../report/format.js';
import { spendInWords } from './ledger-lines.js';
import { progressLine } from './progress-line.js';
import { goOnCommand } from './parked-line.js';
import { labelled, verbatim, wrap } from './text-block.js';

/** Enough to see a pattern; `--json` has all of them. */
const ATTEMPTS = 5;

/** Where a run is and why, for a person who was woken by it: the nearest cause first, and what to type last. */
export function situationLines(situation: RunSituation): string[] {
  const clock = new Clock(situation.lookedAt);
  const isOver = !['open', 'parked', 'unknown', 'unclaimed'].includes(situation.state);
  return [
    ...headline(situation, clock),
    ...serverLines(situation),
    ...controlLines(situation, clock),
    ...parkedLines(situation, clock),
    ...(isOver ? [] : progressLines(situation, clock)),
    ...checkpointLines(situation, clock),
    ...(situation.disk.warning === null ? [] : labelled('disk', [situation.disk.warning])),
    ...retryLines(situation, clock),
    ...nodeLines(situation, clock),
    ...spendLines(situation),
    ...attemptLines(situation, clock),
    ...failureLines(situation, clock),
    ...logLines(situation),
    ...doneLines(situation),
    ...recoveryLines(situation, clock),
    ...nextLines(situation),
    ...(situation.server.page === null ? [] : labelled('web ui', [situation.server.page])),
    ...wrap(`Times are UTC; looked at ${clock.at(situation.lookedAt)}.`),
  ];
}

/** Instants as a person reads them who knows what time it is. */
class Clock {
  constructor(readonly now: string) {}

  /** The time of day; of another day with its date. */
  at(instant: string): string {
    const text = new Date(instant).toISOString();
    return text.slice(0, 10) === new Date(this.now).toISOString().slice(0, 10)
      ? text.slice(11, 19)
      : text.slice(0, 19).replace('T', ' ');
  }

  /** e.g. "02:11:04, 48 min 10 s ago". */
  ago(instant: string): string {
    return `${this.at(instant)}, ${this.since(instant)} ago`;
  }

  /** e.g. "03:11:04, in 12 min 5 s". */
  until(instant: string): string {
    const seconds = secondsBetween(this.now, instant);
    return `${this.at(instant)}, ${seconds < 0 ? `${duration(-seconds)} ago` : `in ${duration(seconds)}`}`;
  }

  since(instant: string): string {
    // Clocks of two machines may differ by a moment.
    return duration(Math.max(0, secondsBetween(instant, this.now)));
  }

  seconds(instant: string): number {
    return secondsBetween(instant, this.now);
  }
}

function headline({ runKey, state, since, message, status, server, control }: RunSituation, clock: Clock): string[] {
  const begun = since === null ? '' : ` since ${clock.at(since)} (${clock.since(since)})`;
  switch (state) {
    case 'open':
    case 'parked': {
      const what = state === 'parked' ? 'parked' : 'open';
      if (status === null) return wrap(`run ${runKey}: ${what}${begun}; its stage is not known, since nobody answers`);
      const waiting = status.waitingFor === '' ? '' : `, waiting for ${status.waitingFor}`;
      const stage = `stage ${status.stage} since ${clock.at(status.since)} (${clock.since(status.since)})`;
      return wrap(`run ${runKey}: ${what}, ${stage}${waiting}`);
    }
    case 'unclaimed':
      return wrap(`run ${runKey}: started${begun}, not claimed yet: ${status?.waitingFor ?? 'nobody works on it'}`);
    case 'unknown':
      return wrap(
        server.problem === null && control !== null
          ? `run ${runKey}: not over, and the server at ${server.address} does not know it; claimed${begun}`
          : `run ${runKey}: not over as far as the store knows; claimed${begun}`,
      );
    default:
      return wrap(
        `run ${runKey}: ${state}${since === null ? '' : `, ended ${clock.ago(since)}`}${message === '' ? '' : `: ${message}`}`,
      );
  }
}

function serverLines({ server, state }: RunSituation): string[] {
  if (server.problem === null) return [];
  const rest = state === 'unknown' ? ' Ranks train on without it. What follows is from the store and the provider.' : '';
  return labelled('server', [`cannot be asked: ${server.problem}.${rest}`]);
}

function controlLines({ control, state }: RunSituation, clock: Clock): string[] {
  if (control === null || (state !== 'open' && state !== 'parked' && state !== 'unclaimed')) return [];
  const { taskQueue, lastPollAt, problem } = control;
  if (isPolled(control, clock.now))
    return problem === null
      ? []
      : labelled('control', [`a worker polls queue ${taskQueue} but did not answer: ${problem}; see control/worker.log`]);
  const since = lastPollAt === null ? 'for 5 minutes or more' : `since ${clock.ago(lastPollAt)}`;
  return labelled('control', [
    `nobody polls queue ${taskQueue} ${since}: nothing is decided until a control worker is back. npx formwork up starts one`,
  ]);
}

function parkedLines({ runKey, status }: RunSituation, clock: Clock): string[] {
  const parked = status?.parked;
  if (parked == null) return [];
  const set = parked.takes.map((path) => ` [--set ${path}=<value>]`).join('');
  return labelled('parked', [
    `since ${clock.ago(parked.since)}`,
    `what would help: ${parked.help}`,
    secondsLeft(parked.nodesReleasedAt, clock) > 0
      ? `its machines are given back at ${clock.until(parked.nodesReleasedAt)}; until then it goes on with the same ones`
      : `its machines were given back at ${clock.at(parked.nodesReleasedAt)}; it goes on with new ones`,
    ...(parked.againAt === null ? [] : [`it goes on by itself at ${clock.until(parked.againAt)}`]),
    parked.againAt === null
      ? `it fails at ${clock.until(parked.until)}, unless somebody types`
      : `it goes on at once when somebody types`,
    `${goOnCommand(runKey, parked)}${set}`,
  ]);
}

const secondsLeft = (instant: string, clock: Clock): number => -clock.seconds(instant);

function progressLines({ progress, status, stored: { checkpoint } }: RunSituation, clock: Clock): string[] {
  if (progress !== null) return labelled('progress', [progressLine(progress, { bar: false })]);
  const told = status?.progress ?? null;
  if (told === null) return [];
  const { step, totalSteps, loss, etaSeconds, at } = told;
  // Right after an outage: what the run was told before it is older than what is in the store.
  if (checkpoint !== null && checkpoint.step > step && clock.seconds(checkpoint.committedAt) < clock.seconds(at))
    return labelled('progress', [
      `${count(checkpoint.step)}/${count(totalSteps)} steps or more; live as soon as the ranks are followed again`,
    ]);
  const rest = `${loss === null ? '' : `, loss ${loss.toFixed(3)}`}${etaSeconds === null ? '' : `, ${duration(etaSeconds)} left then`}`;
  return labelled('progress', [`${count(step)}/${count(totalSteps)} steps${rest}, as told at ${clock.ago(at)}`]);
}

function checkpointLines({ stored: { checkpoint }, status, progress }: RunSituation, clock: Clock): string[] {
  const newest =
    checkpoint === null
      ? status?.stage === 'train'
        ? ['none yet']
        : []
      : [`step ${count(checkpoint.step)}, stored ${clock.ago(checkpoint.committedAt)}`];
  return labelled('checkpoint', progress?.trouble == null ? newest : [...newest, progress.trouble]);
}

/** What waits for a time or for a worker; what simply works is not in the way. */
function retryLines({ status, pending, state }: RunSituation, clock: Clock): string[] {
  if (state !== 'open' && state !== 'parked' && state !== 'unclaimed') return [];
  const lines = pending.filter(({ attempt, state: own }) => attempt > 1 || own === 'paused').map((one) => retryLine(one, clock));
  if (status?.nextRetryAt != null) lines.unshift(`the run tries again at ${clock.until(status.nextRetryAt)}`);
  return labelled('retrying', lines);
}

function retryLine({ type, attempt, state, nextAttemptAt, lastFailure, taskQueue }: PendingActivity, clock: Clock): string {
  const next =
    state === 'paused'
      ? 'paused by somebody'
      : nextAttemptAt === null
        ? `attempt ${attempt} ${state === 'scheduled' ? `waits for a worker of queue ${taskQueue ?? 'unknown'}` : 'runs'}`
        : `attempt ${attempt} at ${clock.until(nextAttemptAt)}`;
  return `${type}: ${next}${lastFailure === null ? '' : `; ${named(lastFailure)}`}`;
}

function nodeLines({ nodes, providerProblem, state }: RunSituation, clock: Clock): string[] {
  if (providerProblem !== null) return labelled('nodes', [`cannot be listed: ${providerProblem}`]);
  if (nodes.length === 0) return state === 'open' || state === 'unknown' ? labelled('nodes', ['the provider lists none']) : [];
  const inOrder = [...nodes].sort((a, b) => a.tags.node - b.tags.node || a.tags.generation - b.tags.generation);
  return labelled(
    'nodes',
    inOrder.map((node) => nodeLine(node, clock)),
  );
}

function nodeLine({ nodeId, tags, state, launchedAt, deadline, contact, lastContactAt }: NodeSituation, clock: Clock): string {
  const ends = state === 'terminated' ? '' : `, deadline ${clock.until(deadline)}`;
  const silence =
    lastContactAt === null
      ? 'no contact for 5 minutes or more'
      : `no contact since ${clock.at(lastContactAt)} (${clock.since(lastContactAt)})`;
  const suspect = contact === 'suspect' ? `; ${silence}: suspect, not dead, its ranks may train on` : '';
  const starting = contact === 'starting' ? `; launched ${clock.since(launchedAt)} ago, its worker is on its way` : '';
  return `node ${tags.node}, ${nodeId}: ${state}${ends}${starting}${suspect}`;
}

function spendLines({ runKey, spend, stored }: RunSituation): string[] {
  if (spend === null) return labelled('paid', [`cannot be read; npx formwork ledger ${runKey} says why`]);
  const cap = stored.caps?.maxSpendUsd ?? null;
  const allowed = cap === null ? [] : [`it may cost ${usd(cap)} in all, by maxSpendUsd`];
  return spend.nodes.length === 0 ? [] : labelled('paid', [spendInWords(spend), ...allowed]);
}

function attemptLines({ status }: RunSituation, clock: Clock): string[] {
  const attempts = status?.attempts ?? [];
  const shown = attempts.slice(-ATTEMPTS).map(({ at, what, result }) => `${clock.at(at)} ${what}: ${result}`);
  return labelled('tried', attempts.length > ATTEMPTS ? [`${attempts.length} times, at last`, ...shown] : shown);
}

function failureLines({ status, failure, state }: RunSituation, clock: Clock): string[] {
  const last = status?.lastFailure ?? null;
  if (last === null) return failure === null ? [] : labelled('what to do', [FAILURES[failure].remedy]);
  const lines = labelled(state === 'failed' ? 'failure' : 'last failure', [
    `${clock.ago(last.at)}: ${named(last)}`,
    `what to do: ${last.remedy}`,
  ]);
  return [...lines, ...last.ranks.flatMap(({ rank, logTail }) => tail(`rank ${rank}`, logTail))];
}

/** The logs in the store stand in where the run has no last words to show: it failed, or cannot be asked. */
function logLines({ runKey, stored, status, state }: RunSituation): string[] {
  const isTold = (status?.lastFailure?.ranks ?? []).some(({ logTail }) => logTail.length > 0);
  const isAsked = status?.lastFailure != null || state === 'failed' || state === 'unknown' || state === 'parked';
  if (isTold || !isAsked || stored.logs.length === 0) return [];
  const lines = stored.logs.flatMap(({ source, rank, lines: own }) => tail(`rank ${rank}, ${source}`, own));
  return [...labelled('logs', [`the newest in the store; npx formwork logs ${runKey} has all`]), ...lines];
}

const tail = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [...verbatim(`${title}:`), ...lines.flatMap((line) => verbatim(line, 2))];

function doneLines({ stored: { finished }, state }: RunSituation): string[] {
  if (finished.length === 0 || state === 'completed') return [];
  return labelled('kept', [`${finished.join(', ')}: not done again by the next start`]);
}

/** Whether anybody starts it again, so that nobody waits for what does not come, or is woken for what does. */
function recoveryLines({ ending, since, failure, lookedAt, stored: { recovery } }: RunSituation, clock: Clock): string[] {
  if (recovery === null) return [];
  const { made, settings, deadlineAt } = recovery;
  const times = made.map(({ number, at, reason }) => `start ${number} without a person at ${clock.at(at)}, after ${reason}`);
  if (ending === null || since === null) return labelled('recovered', times);
  const end = { how: ending, at: since, failure: ending === 'failed' ? failure : null };
  const verdict = judgeRecovery({ end, settings, made, deadlineAt }, new Date(lookedAt));
  const next =
    verdict === null
      ? []
      : verdict.action === 'leave'
        ? [`not started again by itself: ${verdict.why}`]
        : [`started again by itself ${verdict.action === 'wait' ? `at ${clock.until(verdict.until)}` : 'within two minutes'}`];
  return labelled('recovery', [...times, ...next]);
}

function nextLines({ runKey, state, stored, server }: RunSituation): string[] {
  const isFailedForNow = state === 'failed' || state === 'interrupted' || state === 'cancelled';
  const isForgotten = state === 'unknown' && server.problem === null;
  const isOfAnother = server.id !== null && stored.owner !== null && !isOfServer(stored.owner, server.id);
  // One that failed before it was claimed has left its request on the server.
  if (state === 'failed' || (stored.request !== null && (isFailedForNow || isForgotten))) {
    return labelled('to go on', [`npx formwork resume ${runKey}${isOfAnother ? ' --take-over' : ''}`]);
  }
  if (state === 'unknown') return labelled('to go on', ['npx formwork up']);
  return [];
}
