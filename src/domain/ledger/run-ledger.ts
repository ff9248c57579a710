import { STAGES, type Stage } from '../../contract/kinds.js';
import type { Ledger, LedgerEntry, LedgerNode } from '../../contract/ledger.js';
import { claimsOf, IDLE } from './node-claims.js';
import { lifeOf, type NodeLife } from './node-life.js';
import { partition, type Claim } from './partition.js';
import type { LedgerRecords, NodeRecord } from './records.js';
import { costOf, spendOf } from './spend.js';

/** What a run has paid by now and for what: every millisecond of every node once. */
export function runLedger(records: LedgerRecords, now: Date): Ledger {
  const nodes = records.nodes.map((node) => ({ node, life: lifeOf(node, now) }));
  const entries = nodes.flatMap(({ node, life }) => entriesOf(node, life, records));
  const milliseconds = sum(nodes.map(({ life }) => life.to - life.from));
  const kept = sum(entries.filter(isKept).map((entry) => entry.milliseconds));
  return {
    runKey: records.runKey,
    at: now.toISOString(),
    milliseconds,
    ...spendOf(records.nodes, now),
    kept,
    goodput: milliseconds === 0 ? null : kept / milliseconds,
    entries,
    nodes: nodes.map(({ node, life }) => rowOf(node, life)),
  };
}

/** Steps of the smoke test are thrown away. */
const isKept = ({ spending, stage }: LedgerEntry): boolean => spending === 'train' && stage === 'train';

function rowOf({ launched }: NodeRecord, { from, to, endedAt, endIsKnown }: NodeLife): LedgerNode {
  const { nodeId, launchedAt, pricePerHourUsd, tags } = launched;
  const { fence, node, generation } = tags;
  const milliseconds = to - from;
  return {
    ...{ nodeId, fence, node, generation, launchedAt, endedAt, endIsKnown, pricePerHourUsd, milliseconds },
    usd: costOf(milliseconds, pricePerHourUsd),
  };
}

/** The stretches of one node, those that are alike added up, in the order in which they first came. */
function entriesOf(node: NodeRecord, life: NodeLife, records: LedgerRecords): LedgerEntry[] {
  const { nodeId, pricePerHourUsd } = node.launched;
  const stages = partition<Stage>(life, stageClaims(node, life, records.stageEnds), 'release');
  const alike = new Map<string, LedgerEntry>();
  for (const { from, to, says } of partition(life, claimsOf(node, life, records), IDLE)) {
    for (const stage of stages) {
      const milliseconds = Math.min(to, stage.to) - Math.max(from, stage.from);
      if (milliseconds <= 0) continue;
      const entry = { nodeId, stage: stage.says, ...says };
      const id = JSON.stringify(entry);
      const before = alike.get(id)?.milliseconds ?? 0;
      alike.set(id, { ...entry, milliseconds: before + milliseconds, usd: costOf(before + milliseconds, pricePerHourUsd) });
    }
  }
  return [...alike.values()];
}

/** Stages whose result is kept, in order; the lease is each node's own, and what comes after the last is the release. */
const KEPT_STAGES = STAGES.filter((stage) => !['plan', 'lease', 'augment', 'release', 'report'].includes(stage));

/** One stage follows the other, over all executions: each begins where the one before it was kept. */
function stageClaims({ ready }: NodeRecord, life: NodeLife, ends: LedgerRecords['stageEnds']): Claim<Stage>[] {
  const claims: Claim<Stage>[] = [];
  let from = -Infinity;
  for (const stage of KEPT_STAGES) {
    const end = ends.get(stage);
    // Kept since nobody knows when: what is known of its time is that it has passed.
    if (end === null) continue;
    const to = end === undefined ? Infinity : Math.max(from, Date.parse(end));
    claims.push({ from, to, weight: 0, says: stage });
    from = to;
  }
  return [...claims, { from: -Infinity, to: ready === null ? life.from : Date.parse(ready.to), weight: 1, says: 'lease' }];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
