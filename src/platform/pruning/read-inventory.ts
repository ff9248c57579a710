import { z } from 'zod';
import { RunPlan } from '../../contract/plan.js';
import { PruneMark } from '../../contract/prune.js';
import type { RunToPrune, StoreInventory } from '../../domain/pruning.js';
import { totalBytes } from '../../domain/total-bytes.js';
import { MANIFEST, PRUNE_MARK, PRUNED, runKeys } from '../../domain/store-keys.js';
import { knownRun, type KnownRun } from '../control/open-runs.js';
import { readableJson, readJsonObject } from '../object-store/json-objects.js';
import type { ObjectStore, StoredObject } from '../object-store/port.js';
import type { WorkflowState } from '../temporal/run-directory.js';
import { weightsOf } from './run-weights.js';

/** A first start writes its request, and a moment later its claim. */
const CLAIM_MS = 60 * 60_000;

export interface InventorySources {
  store: ObjectStore;
  /** What the server knows of the newest execution of a run; `unknown` where there is no server, or it is not the run's. */
  stateOf: (run: KnownRun) => Promise<WorkflowState>;
  /** Runs for which the provider lists machines: their ranks may write whatever a server says. */
  leased: ReadonlySet<string>;
  /** Runs of which a person says that they are over, though no server can be asked for them. */
  lost: readonly string[];
  nodes: () => Promise<StoreInventory['nodes']>;
}

/** What is in a store, as the rule of pruning takes it. */
export async function readInventory(sources: InventorySources): Promise<StoreInventory> {
  const { store } = sources;
  const objects = (await store.list('')).filter(({ key }) => !isMark(key));
  const unfinished = await store.listUnfinished();
  const runs = await Promise.all([...groupBy(objects, /^runs\/([^/]+)\//)].map(([runKey, own]) => readRun(sources, runKey, own)));
  // What is left of a removal may be no more than its mark.
  const known = new Set(runs.map(({ runKey }) => runKey));
  const halfRemoved = (await marks(store)).flatMap(({ folder, mark }) => {
    const runKey = /^runs\/([^/]+)$/.exec(folder)?.[1];
    return runKey === undefined || !mark.hasBegun || known.has(runKey) ? [] : [emptyRun(runKey)];
  });
  return {
    bytes: totalBytes([...objects, ...unfinished]),
    runs: [...runs, ...halfRemoved],
    contents: (['dataset', 'model'] as const).flatMap((kind) =>
      [...groupBy(objects, new RegExp(`^${kind}s/([^/]+)/`))].map(([id, own]) => ({
        kind,
        key: `${kind}s/${id}`,
        bytes: totalBytes(own),
        modifiedAt: newestOf(own),
      })),
    ),
    unfinished: unfinished.map(({ key, bytes, modifiedAt }) => ({ key, bytes, modifiedAt })),
    nodes: await sources.nodes(),
  };
}

/** All marks of prunes, with the folders that they stand in. */
export async function marks(store: ObjectStore): Promise<{ folder: string; mark: PruneMark }[]> {
  const keys = (await store.list('')).map(({ key }) => key).filter(isMark);
  const read = await Promise.all(keys.map((key) => readable(store, key, PruneMark)));
  return keys.flatMap((key, index) => {
    const mark = read[index];
    return mark == null ? [] : [{ folder: key.slice(0, -PRUNE_MARK.length - 1), mark }];
  });
}

async function readRun(sources: InventorySources, runKey: string, objects: readonly StoredObject[]): Promise<RunToPrune> {
  const { store } = sources;
  const mark = await readable(store, `${runKeys.root(runKey)}/${PRUNE_MARK}`, PruneMark);
  if (mark?.hasBegun === true) return { ...emptyRun(runKey), bytes: totalBytes(objects) };
  const has = (key: string): boolean => objects.some((object) => object.key === key);
  try {
    const run = await knownRun(store, runKey);
    // Before its steps are read: what a run that is over has not written by then, it does not write any more.
    const held = await whyHeld(sources, run, objects);
    const [dataset, model] = await Promise.all([
      readRecord(store, runKeys.step(runKey, 'prepare'), z.object({ datasetId: z.string() })),
      readRecord(store, runKeys.step(runKey, 'baseline'), z.object({ modelId: z.string() })),
    ]);
    const isPublished = has(runKeys.step(runKey, 'publish')) && has(`${runKeys.model(runKey)}/${MANIFEST}`);
    return {
      runKey,
      held,
      isPublished,
      isHalfRemoved: false,
      lastAt: run.ended?.endedAt ?? newestOf(objects),
      bytes: totalBytes(objects),
      weights: await weightsOf(store, runKey, objects),
      uses: [
        ...(dataset === null ? [] : [`datasets/${dataset.datasetId}`]),
        ...(model === null ? [] : [`models/${model.modelId}`]),
        ...(isPublished ? [] : await readFrom(store, run)),
      ],
      mayUseMore: held !== null && (dataset === null || model === null),
    };
  } catch (error) {
    if (!(error instanceof z.ZodError) && !(error instanceof SyntaxError)) throw error;
    // Nobody knows what it needs.
    const held = `a record of it cannot be read (${error.message.split('\n')[0] ?? ''})`;
    return { ...emptyRun(runKey), held, isHalfRemoved: false, bytes: totalBytes(objects), mayUseMore: true };
  }
}

async function whyHeld(
  { stateOf, leased, lost }: InventorySources,
  run: KnownRun,
  objects: readonly StoredObject[],
): Promise<string | null> {
  const { runKey, owner, ended } = run;
  if (leased.has(runKey)) return 'machines are leased for it';
  const state = owner === null ? 'unknown' : await stateOf(run);
  // Whatever its record says: one that was reset after its end is open under the same claim.
  if (state === 'open') return 'it is open';
  if (ended !== null) return null;
  if (owner === null) {
    const isNew = Date.now() - Date.parse(newestOf(objects)) < CLAIM_MS;
    return isNew ? 'it may be starting: nobody has claimed it yet' : null;
  }
  if (state === 'closed' || lost.includes(runKey)) return null;
  return 'no server says whether it is open: npx formwork up, or --run with --server-lost where that server is gone';
}

/** Runs of this store whose files a request names, e.g. the published model of another one. */
async function readFrom(store: ObjectStore, { runKey, owner }: KnownRun): Promise<string[]> {
  const plan = owner === null ? null : await readRecord(store, runKeys.plan(runKey, owner.fence), RunPlan);
  if (plan === null) return [];
  const { data, model } = plan;
  const paths = [
    ...(data.kind === 'practice' ? [] : [data.train, data.validation, data.test]),
    ...(model.source.kind === 'directory' ? [model.source.path] : []),
  ];
  const root = store.uri.replace(/^file:/, '');
  return paths.flatMap((path) => {
    const other = path?.startsWith(`${root}/`) === true ? /^runs\/[^/]+/.exec(path.slice(root.length + 1))?.[0] : undefined;
    return other === undefined || other === runKeys.root(runKey) ? [] : [other];
  });
}

/** A run of which nothing is known but its key: one that is on its way out. */
const emptyRun = (runKey: string): RunToPrune => ({
  runKey,
  held: null,
  isPublished: false,
  isHalfRemoved: true,
  lastAt: '',
  bytes: 0,
  weights: [],
  uses: [],
  mayUseMore: false,
});

const isMark = (key: string): boolean => key.endsWith(`/${PRUNE_MARK}`);

async function readRecord<T>(store: ObjectStore, key: string, schema: z.ZodType<T>): Promise<T | null> {
  const value = await readJsonObject(store, key);
  return value === null ? null : schema.parse(value);
}

/** null also for one that is torn. */
async function readable<T>(store: ObjectStore, key: string, schema: z.ZodType<T>): Promise<T | null> {
  return schema.safeParse(await readableJson(store, key)).data ?? null;
}

function groupBy(objects: readonly StoredObject[], pattern: RegExp): Map<string, StoredObject[]> {
  const groups = new Map<string, StoredObject[]>();
  for (const object of objects) {
    const name = pattern.exec(object.key)?.[1];
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [object]);
    else group.push(object);
  }
  return groups;
}

/** What a prune has written itself is no work on a run. */
const newestOf = (objects: readonly StoredObject[]): string =>
  objects.reduce((newest, { key, modifiedAt }) => (modifiedAt > newest && !key.endsWith(`/${PRUNED}`) ? modifiedAt : newest), '');
