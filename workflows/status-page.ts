import type { RunPlan } from '../src/contract/plan.js';
import type { RunStatus } from '../src/contract/run.js';

/** The server takes 20 KB of details. */
const MAX_BYTES = 19_000;
/** The query has twenty; these are enough to see a pattern. */
const SHOWN_ATTEMPTS = 8;

/** A run's status as the Markdown page that the Web UI shows. */
export function statusPage(status: RunStatus, plan: RunPlan | null, notes: readonly string[]): string {
  const lines = [
    heading(status),
    ...list(
      status.stages.map(({ stage, startedAt, endedAt, note }) =>
        endedAt === null
          ? `**${stage}**, since ${clock(startedAt)}`
          : `**${stage}**, ${seconds(startedAt, endedAt)}: ${oneLine(note)}`,
      ),
    ),
    ...parked(status),
    ...progress(status),
    ...failure(status),
    ...titled(
      'Tried:',
      status.attempts.slice(-SHOWN_ATTEMPTS).map(({ at, what, result }) => `${clock(at)} ${what}: ${oneLine(result)}`),
    ),
    ...titled('Notes:', notes.map(oneLine)),
  ];
  if (plan !== null)
    lines.push(
      '',
      `Model ${plan.model.name}, task ${plan.task}, ${plan.cluster.nodes} nodes on ${plan.cluster.provider}. ` +
        `Deadline ${plan.deadlineMinutes} minutes after the start.`,
    );
  return fitting(lines.join('\n'));
}

/** An instant to the second, short enough to stand in a line of the Web UI's narrow panel. */
export const clock = (instant: string): string => instant.slice(0, 19).replace('T', ' ');

function heading({ stage, since, stages, waitingFor, nextRetryAt }: RunStatus): string {
  const endedAt = stages.at(-1)?.endedAt ?? null;
  const when = endedAt === null ? `since ${clock(since)}` : `ended ${clock(endedAt)}`;
  const next = nextRetryAt === null ? '' : `, next try at ${clock(nextRetryAt)}`;
  return `**${stage}** ${when} UTC${waitingFor === '' ? '' : `, waiting for ${waitingFor}`}${next}`;
}

function parked(status: RunStatus): string[] {
  if (status.parked === null) return [];
  const { since, nodesReleasedAt, until, againAt, help, takes, update } = status.parked;
  return [
    '',
    `**Parked** since ${clock(since)}. What would help: ${oneLine(help)}.`,
    ...list([
      update === 'raiseBudget'
        ? 'update `raiseBudget` goes on, e.g. `{"maxSpendUsd": 20}`'
        : `update \`retryNow\` goes on, as it is or with e.g. \`{"set": {"training": {"microBatchRows": 1}}}\`; it takes ${takes.join(', ')}`,
      ...(againAt === null ? [] : [`it goes on by itself at ${clock(againAt)}`]),
      `nodes are kept until ${clock(nodesReleasedAt)}`,
      `a run that is parked at ${clock(until)} fails`,
    ]),
  ];
}

function progress({ progress: reached }: RunStatus): string[] {
  if (reached === null) return [];
  const { step, totalSteps, loss, checkpointStep, etaSeconds, at } = reached;
  return [
    '',
    `Step ${step} of ${totalSteps}` +
      (loss === null ? '' : `, loss ${loss.toFixed(4)}`) +
      (checkpointStep === null ? '' : `, checkpoint ${checkpointStep}`) +
      (etaSeconds === null ? '' : `, about ${Math.ceil(etaSeconds / 60)} min left`) +
      `, as of ${clock(at)}.`,
  ];
}

function failure({ lastFailure }: RunStatus): string[] {
  if (lastFailure === null) return [];
  const { kind, message, at, remedy, ranks } = lastFailure;
  return [
    '',
    `Last failure, ${clock(at)}: ${message.startsWith(kind) ? '' : `**${kind}** `}${oneLine(message)}`,
    '',
    `What to do: ${remedy}.`,
    ...ranks.flatMap(({ rank, logTail }) =>
      logTail.length === 0 ? [] : ['', `Rank ${rank}:`, '', ...logTail.map((line) => `    ${oneLine(line)}`)],
    ),
  ];
}

const list = (items: readonly string[]): string[] => (items.length === 0 ? [] : ['', ...items.map((item) => `- ${item}`)]);
const titled = (title: string, items: readonly string[]): string[] => (items.length === 0 ? [] : ['', title, ...list(items)]);
const seconds = (from: string, to: string): string => `${((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1)} s`;
const oneLine = (text: string): string => text.replaceAll('\n', ' ');

/** Log lines may be any length, and a character up to four bytes. */
function fitting(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return bytes.length <= MAX_BYTES ? text : `${new TextDecoder().decode(bytes.slice(0, MAX_BYTES))} [cut]`;
}
