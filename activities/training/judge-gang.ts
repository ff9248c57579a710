import type { RankExit } from '../../src/contract/job.js';
import type { FailureKind } from '../../src/contract/kinds.js';
import { RunPlan } from '../../src/contract/plan.js';
import { judgeGangEnd, type GangDecision } from '../../src/domain/gang-decision.js';
import { budgetsUsed, planInForce } from '../../src/domain/incidents.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { addIncident, readIncidents } from '../run/incidents.js';
import { readRequiredRecord } from '../storage/records.js';

export interface JudgeGangInput {
  /** Of this question: asked again, it is answered alike and counted once. */
  id: string;
  runKey: string;
  fence: number;
  /** The round or job whose budgets count. */
  scope: string;
  isTraining: boolean;
  exits: readonly RankExit[];
  evidence: { kind: FailureKind; message: string } | null;
  stopping: boolean;
}

/** What a gang or job ended of and what follows; a failure is written down, so that its budget outlives every process and owner. */
export const judgeGang =
  (ports: { store: ObjectStore }) =>
  async ({ id, runKey, fence, scope, isTraining, exits, evidence, stopping }: JudgeGangInput): Promise<GangDecision> => {
    const { store } = ports;
    const plan = await readRequiredRecord(store, runKeys.plan(runKey, fence), RunPlan);
    const all = await readIncidents(store, runKey);
    const asked = all.findIndex((incident) => incident.id === id);
    const before = asked === -1 ? all : all.slice(0, asked);
    const training = isTraining ? planInForce(plan, before).training : null;
    const decision = judgeGangEnd({ exits, evidence, used: budgetsUsed(before, scope), stopping, training });
    if (asked !== -1 || decision.action === 'done' || decision.action === 'interrupted') return decision;
    const { kind, message, action: answer, change, skipStep } = decision;
    const at = new Date().toISOString();
    await addIncident(store, runKey, { event: 'failed', id, at, fence, kind, change, scope, message, answer, skipStep });
    return decision;
  };
