import type { Incident } from '../../contract/incident.js';
import type { Spending } from '../../contract/kinds.js';
import type { JobMark } from '../../contract/ledger.js';
import { lineOfDescent } from '../resume-point.js';
import { spendingOf } from './job-marks.js';
import type { NodeLife } from './node-life.js';
import type { Claim } from './partition.js';
import type { JobRecord, LedgerRecords, NodeRecord } from './records.js';

/** What a node was paid for in a stretch. */
export interface Word {
  spending: Spending;
  /** A failure kind, of what a failure has cost. */
  cause: string | null;
}

/** The word on a stretch that no record speaks of. */
export const IDLE: Word = { spending: 'idle', cause: null };

// Which record counts where several speak of one moment. Jobs weigh more the later they began: what an older owner left
// running gives way to the newer one's.
const WEIGHT = { parked: 0, provision: 1, install: 2, staging: 3, firstJob: 4, recovery: Number.MAX_SAFE_INTEGER };

type Failed = Extract<Incident, { event: 'failed' }>;
type Context = Pick<LedgerRecords, 'incidents' | 'rounds'>;

/** Everything that the records say of what a node did. */
export function claimsOf(node: NodeRecord, life: NodeLife, context: Context): Claim<Word>[] {
  const jobs = [...node.jobs].sort((a, b) => a.owner - b.owner || Date.parse(a.startedAt) - Date.parse(b.startedAt));
  return [
    ...arrival(node, life, jobs),
    ...node.stagings.map(({ from, to }) => claim(from, Date.parse(to), WEIGHT.staging, { spending: 'load', cause: null })),
    ...jobs.flatMap((job, index) => work(job, jobs[index + 1], life, context, WEIGHT.firstJob + index)),
    ...jobs.flatMap((job, index) => aftermath(job, jobs[index + 1], life, context)),
    ...replacement(node, life, jobs, context),
  ];
}

const claim = (from: string | number, to: number, weight: number, says: Word): Claim<Word> => ({
  from: typeof from === 'number' ? from : Date.parse(from),
  to,
  weight,
  says,
});

/** Until the node has answered, and until it was known to be fit. One that never answered has done nothing else. */
function arrival({ ready }: NodeRecord, life: NodeLife, jobs: readonly JobRecord[]): Claim<Word>[] {
  const answered = ready?.from ?? jobs[0]?.startedAt;
  const provision = claim(life.from, answered === undefined ? life.to : Date.parse(answered), WEIGHT.provision, {
    ...{ spending: 'provision', cause: null },
  });
  if (ready === null) return [provision];
  return [provision, claim(ready.from, Date.parse(ready.to), WEIGHT.install, { spending: 'install', cause: null })];
}

/** What the ranks of a job did, from mark to mark. */
function work(job: JobRecord, next: JobRecord | undefined, life: NodeLife, context: Context, weight: number): Claim<Word>[] {
  const cause = causeOf(job, next, life, context);
  // What was brought to the store after a failure is no work of the ranks any more.
  const end = job.end !== null && cause !== null ? Date.parse(job.end.ranksEndedAt) : endOf(job, next, life);
  const keptUpTo = lastKeptStep(job, life, context);
  const first = job.marks[0]?.at ?? (isCutOff(job, next, life) ? job.seenAt : null);
  return [
    claim(job.startedAt, first === null ? end : Date.parse(first), weight, { spending: 'load', cause: null }),
    ...job.marks.map((mark, index) => {
      const until = job.marks[index + 1]?.at;
      const spending = spendingOf(job.command, mark.phase);
      const says: Word = isKept(mark, spending, keptUpTo) ? { spending, cause: null } : { spending: 'lost', cause };
      return claim(mark.at, until === undefined ? end : Math.min(end, Date.parse(until)), weight, says);
    }),
    // What they did when nobody saw them any more is in no store.
    ...(isCutOff(job, next, life) ? [claim(job.seenAt ?? job.startedAt, end, weight, { spending: 'lost', cause })] : []),
  ];
}

/** Steps after the last kept one are done again, or never; a loop at a step makes the ones after it. */
function isKept({ phase, step }: JobMark, spending: Spending, keptUpTo: number): boolean {
  if (spending === 'load' || phase === 'over') return true;
  return phase === 'loop' ? step < keptUpTo : step <= keptUpTo;
}

function endOf(job: JobRecord, next: JobRecord | undefined, life: NodeLife): number {
  if (job.end !== null) return Date.parse(job.end.settledAt);
  return next === undefined ? life.to : Math.min(life.to, Date.parse(next.startedAt));
}

/** It has no end of its own, and cannot come to one any more. */
const isCutOff = (job: JobRecord, next: JobRecord | undefined, life: NodeLife): boolean =>
  job.end === null && (next !== undefined || life.endedAt !== null);

/** Of a job that trains: the last step that is in the line of the weights; Infinity as long as none has been lost. */
function lastKeptStep(job: JobRecord, life: NodeLife, { rounds }: Context): number {
  const round = job.trajectory === null ? undefined : rounds.get(job.trajectory.round);
  if (job.trajectory === null || round === undefined || round.trajectories.length === 0) return Infinity;
  const { number } = job.trajectory;
  const stretch = lineOfDescent(round.trajectories).find(({ trajectory }) => trajectory === number);
  if (stretch === undefined) return -Infinity;
  const isOpenOrDone = job.end === null ? life.endedAt === null : job.end.kinds.length === 0;
  if (stretch.upTo < Infinity || isOpenOrDone) return stretch.upTo;
  const steps = round.committed.filter(({ trajectory }) => trajectory === number).map(({ step }) => step);
  return Math.max(stretch.after, ...steps);
}

/** From the end of ranks that failed to the first step after it; of what was given up, until somebody let it go on. */
function aftermath(job: JobRecord, next: JobRecord | undefined, life: NodeLife, context: Context): Claim<Word>[] {
  const cause = causeOf(job, next, life, context);
  if (job.end === null || cause === null) return [];
  const { ranksEndedAt } = job.end;
  const goesOnAt = next === undefined ? life.to : firstWorkOf(next, life);
  if (incidentOf(job, next, context)?.answer !== 'fail') {
    return [claim(ranksEndedAt, goesOnAt, WEIGHT.recovery, { spending: 'recovery', cause })];
  }
  const takenUpAt = next === undefined ? life.to : Date.parse(next.startedAt);
  return [
    claim(ranksEndedAt, takenUpAt, WEIGHT.parked, { spending: 'idle', cause }),
    claim(takenUpAt, goesOnAt, WEIGHT.recovery, { spending: 'recovery', cause }),
  ];
}

/** A node that took another one's place: from when it is fit to its first work, others wait for it. */
function replacement(node: NodeRecord, life: NodeLife, jobs: readonly JobRecord[], { incidents }: Context): Claim<Word>[] {
  const { ready, launched } = node;
  if (launched.tags.generation === 1 || ready === null) return [];
  const before = incidents.filter((one): one is Failed => one.event === 'failed' && one.at <= launched.launchedAt).at(-1);
  const [first] = jobs;
  const until = first === undefined ? life.to : firstWorkOf(first, life);
  return [claim(ready.to, until, WEIGHT.recovery, { spending: 'recovery', cause: before?.kind ?? 'NodeLost' })];
}

function firstWorkOf(job: JobRecord, life: NodeLife): number {
  const first = job.marks.find(({ phase }) => spendingOf(job.command, phase) !== 'load');
  return first === undefined ? endOf(job, undefined, life) : Date.parse(first.at);
}

/** What a job failed of: as it was judged, else as its own ranks say; null: it did not fail. */
function causeOf(job: JobRecord, next: JobRecord | undefined, life: NodeLife, context: Context): string | null {
  const judged = incidentOf(job, next, context);
  if (judged !== undefined) return judged.kind;
  if (job.end === null) return isCutOff(job, next, life) ? 'NodeLost' : null;
  // Ranks that were asked to stop have not failed.
  return job.end.kinds.find((kind) => kind !== 'Interrupted') ?? null;
}

/** Gangs and jobs of one name follow each other, so the first failure after the start of one is its own. */
function incidentOf(
  { jobId, owner, startedAt }: JobRecord,
  next: JobRecord | undefined,
  { incidents }: Context,
): Failed | undefined {
  return incidents.find(
    (one): one is Failed =>
      one.event === 'failed' &&
      one.fence === owner &&
      (jobId === one.scope || jobId.startsWith(`${one.scope}-`)) &&
      one.at >= startedAt &&
      (next === undefined || one.at <= next.startedAt),
  );
}
