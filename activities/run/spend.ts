import { RunPlan } from '../../src/contract/plan.js';
import type { Caps } from '../../src/contract/incident.js';
import { Failure } from '../../src/domain/failures.js';
import { capsInForce, judgeSpend as judge, launchRefusal, type Spend, type SpendVerdict } from '../../src/domain/spend-cap.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { LedgerBook } from '../../src/platform/ledger/port.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readRequiredRecord } from '../storage/records.js';
import { addIncident, readIncidents } from './incidents.js';

interface Ports {
  store: ObjectStore;
  ledger: LedgerBook;
}

interface Execution {
  runKey: string;
  fence: number;
}

/** Has the run spent what it may? */
export const judgeSpend =
  ({ store, ledger }: Ports) =>
  async ({ runKey, fence }: Execution): Promise<SpendVerdict> => {
    const { plan, caps } = await budgetOf(store, runKey, fence);
    return judge(await ledger.read(runKey), caps, plan.cluster);
  };

/** @throws Failure BudgetExceeded when the nodes of the run would cost more, until their first deadline, than is left. */
export const reserveLaunch =
  ({ store, ledger }: Ports) =>
  async ({ runKey, fence }: Execution): Promise<void> => {
    const { plan, caps } = await budgetOf(store, runKey, fence);
    const spend: Spend = await ledger.read(runKey);
    const refusal = launchRefusal(spend, caps, plan.cluster);
    if (refusal !== null) throw new Failure('BudgetExceeded', refusal, { ...caps, spentUsd: spend.usd });
  };

export interface RaiseCapsInput extends Execution {
  /** Of this change: asked again, it is written down once. */
  id: string;
  caps: Caps;
}

/** Writes down what a person lets the run cost from here on. @throws Failure InvalidRequest for less than it has cost already. */
export const raiseCaps =
  ({ store, ledger }: Ports) =>
  async ({ id, runKey, fence, caps }: RaiseCapsInput): Promise<void> => {
    const incidents = await readIncidents(store, runKey);
    if (incidents.some((incident) => incident.id === id)) return;
    const { usd } = await ledger.read(runKey);
    if (caps.maxSpendUsd !== null && caps.maxSpendUsd <= usd)
      throw new Failure(
        'InvalidRequest',
        `maxSpendUsd ${caps.maxSpendUsd} is no more than the ${usd.toFixed(2)} USD that are spent`,
      );
    const at = new Date().toISOString();
    await addIncident(store, runKey, { event: 'raised', id, at, fence, kind: 'BudgetExceeded', change: null, caps });
  };

async function budgetOf(store: ObjectStore, runKey: string, fence: number): Promise<{ plan: RunPlan; caps: Caps }> {
  const plan = await readRequiredRecord(store, runKeys.plan(runKey, fence), RunPlan);
  return { plan, caps: capsInForce(plan, fence, await readIncidents(store, runKey)) };
}
