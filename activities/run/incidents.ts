import { Incident } from '../../src/contract/incident.js';
import { RunPlan } from '../../src/contract/plan.js';
import { planInForce } from '../../src/domain/incidents.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readRequiredRecord, toJson } from '../storage/records.js';

/** All incidents of a run, of every owner, in the order in which they were written. */
export async function readIncidents(store: ObjectStore, runKey: string): Promise<Incident[]> {
  const found = await store.list(runKeys.incidents(runKey));
  return Promise.all(found.map(({ key }) => readRequiredRecord(store, key, Incident)));
}

/** Writes an incident behind all others. Jobs of several nodes may fail at one moment, so a number may be taken. */
export async function addIncident(store: ObjectStore, runKey: string, incident: Incident): Promise<void> {
  let n = (await store.list(runKeys.incidents(runKey))).length;
  do n += 1;
  while (!(await store.putIfAbsent(runKeys.incident(runKey, n), toJson(incident))));
}

/** The plan of an owner, with what incidents have changed of it. */
export async function readPlanInForce(store: ObjectStore, runKey: string, fence: number): Promise<RunPlan> {
  const plan = await readRequiredRecord(store, runKeys.plan(runKey, fence), RunPlan);
  return planInForce(plan, await readIncidents(store, runKey));
}
