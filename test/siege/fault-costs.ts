import type { Spending } from '../../src/contract/kinds.js';
import type { LedgerEntry } from '../../src/contract/ledger.js';
import type { Stretch } from '../../src/domain/ledger/partition.js';
import type { JobRecord, LedgerRecords, NodeRecord } from '../../src/domain/ledger/records.js';
import { runLedger } from '../../src/domain/ledger/run-ledger.js';
import type { FaultCost } from './result.js';

/** A fault in a run that went on in training, milliseconds since 1970. */
export interface BilledFault {
  struckAt: number;
  /** The first step after it, of the next gang where one formed. */
  goesOnAt: number;
}

export interface Bill {
  /** Of nodes, in all of the stretch. */
  milliseconds: number;
  kept: number;
  /** What no fault has cost: checkpoints and validation above all. */
  ordinary: Record<string, number>;
  costs: FaultCost[];
}

/** What a run has on its own account, also when nothing happens to it. */
const ORDINARY: ReadonlySet<Spending> = new Set(['train', 'checkpoint', 'evaluate']);

/**
 * Shares the node time of a stretch of training out to the faults that struck in it, by the ledger and nothing else: a ledger of a part
 * of a run is that of its records with the lives of nodes cut to the part, and the parts add up to the whole. What was lost before a
 * fault, back to where the run went on from the one before it, is its own too.
 */
export function billFaults(records: LedgerRecords, all: Stretch, faults: readonly BilledFault[]): Bill {
  const charged = faults.map(({ struckAt, goesOnAt }, index) => ({
    before: lostWithin(records, { from: faults[index - 1]?.goesOnAt ?? all.from, to: struckAt }),
    after: entriesWithin(records, { from: struckAt, to: goesOnAt }).filter(({ spending }) => !ORDINARY.has(spending)),
  }));
  const whole = sumBySpending(entriesWithin(records, all));
  const ofFaults = sumBySpending(charged.flatMap(({ before, after }) => [...before, ...after]));
  const rest = [...whole].flatMap(([spending, ms]) => {
    const left = ms - (ofFaults.get(spending) ?? 0);
    return spending === 'train' || left === 0 ? [] : [[spending, left] as const];
  });
  return {
    milliseconds: [...whole.values()].reduce((before, ms) => before + ms, 0),
    kept: whole.get('train') ?? 0,
    ordinary: Object.fromEntries(rest),
    costs: charged.map(({ before, after }, index) => costOf(records, faults[index] as BilledFault, before, after)),
  };
}

function costOf(
  records: LedgerRecords,
  { struckAt, goesOnAt }: BilledFault,
  before: readonly LedgerEntry[],
  after: readonly LedgerEntry[],
): FaultCost {
  const noticing = sum(after.filter(({ spending }) => spending === 'lost'));
  const { python, engine, restore } = startsWithin(records, { from: struckAt, to: goesOnAt });
  return { lost: sum(before), noticing, python, engine, restore, waiting: sum(after) - noticing - python - engine - restore };
}

const lostWithin = (records: LedgerRecords, within: Stretch): LedgerEntry[] =>
  entriesWithin(records, within).filter(({ spending }) => spending === 'lost');

function sumBySpending(entries: readonly LedgerEntry[]): Map<Spending, number> {
  const sums = new Map<Spending, number>();
  for (const { spending, milliseconds } of entries) sums.set(spending, (sums.get(spending) ?? 0) + milliseconds);
  return sums;
}

/** Time of nodes in the parts of the starts of their ranks. */
function startsWithin(records: LedgerRecords, within: Stretch): Pick<FaultCost, 'python' | 'engine' | 'restore'> {
  const parts = { python: 0, engine: 0, restore: 0 };
  for (const node of records.nodes) {
    for (const job of node.jobs) {
      if (Date.parse(job.startedAt) < within.from) continue;
      for (const { part, from, to } of partsOf(job)) {
        const stretch = { from: Math.max(from, within.from), to: Math.min(to, within.to) };
        const entries = entriesWithin({ ...records, nodes: [node] }, stretch);
        parts[part] += sum(entries.filter(({ spending }) => !ORDINARY.has(spending) && spending !== 'lost'));
      }
    }
  }
  return parts;
}

/** From the start of a rank to its first step. A phase that was not come to is not there. */
function partsOf({ startedAt, marks }: JobRecord): (Stretch & { part: 'python' | 'engine' | 'restore' })[] {
  const points = [{ at: startedAt, phase: 'imports' as const }, ...marks.filter(({ phase }) => phase !== 'imports')];
  return points.flatMap(({ at, phase }, index) => {
    const next = points[index + 1];
    const part = phase === 'imports' ? 'python' : phase === 'restore' ? 'restore' : LOADING.has(phase) ? 'engine' : null;
    return next === undefined || part === null ? [] : [{ part, from: Date.parse(at), to: Date.parse(next.at) }];
  });
}

const LOADING: ReadonlySet<string> = new Set(['data', 'model', 'engine']);

function entriesWithin(records: LedgerRecords, within: Stretch): LedgerEntry[] {
  const nodes = records.nodes.flatMap((node) => cut(node, within) ?? []);
  return runLedger({ ...records, nodes }, new Date(within.to)).entries;
}

/** A node that was there within the stretch alone; null: it was not. */
function cut(node: NodeRecord, { from, to }: Stretch): NodeRecord | null {
  const launchedAt = Math.max(from, Date.parse(node.launched.launchedAt));
  const endedAt = Math.min(to, node.ended === null ? to : Date.parse(node.ended.endedAt));
  if (endedAt <= launchedAt) return null;
  return {
    ...node,
    launched: { ...node.launched, launchedAt: new Date(launchedAt).toISOString() },
    ended: { endedAt: new Date(endedAt).toISOString() },
  };
}

const sum = (entries: readonly { milliseconds: number }[]): number =>
  entries.reduce((before, { milliseconds }) => before + milliseconds, 0);
