import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimRun } from '../../../activities/run/claim-run.js';
import { waitForPrune } from '../../../activities/storage/prune-mark.js';
import { stageInputs } from '../../../activities/training/stage-inputs.js';
import { readTraining } from '../../../activities/training/training-record.js';
import { chooseResumePoint } from '../../../src/domain/resume-point.js';
import { planPrune, type PrunePlan, type PrunePolicy } from '../../../src/domain/pruning.js';
import { contentKeys, MANIFEST, PRUNE_MARK, PRUNED, runKeys } from '../../../src/domain/store-keys.js';
import { knownRuns } from '../../../src/platform/control/open-runs.js';
import { StorePrune } from '../../../src/platform/pruning/prune-store.js';
import { readInventory, type InventorySources } from '../../../src/platform/pruning/read-inventory.js';
import type { WorkflowState } from '../../../src/platform/temporal/run-directory.js';
import { FakeWorkLog } from '../../fakes/fake-work-log.js';
import { FakeJobRunner } from '../../fakes/fake-job-runner.js';
import { FakeRunDirectory } from '../../fakes/fake-run-directory.js';
import { act } from '../../fixtures/activity-context.js';
import { failure } from '../../fixtures/failure.js';
import { MODEL_ID, ROUND, RUN_KEY, StoredRun } from '../../fixtures/stored-run.js';
import { datasetManifest } from '../../fixtures/job-spec.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

const ALL: PrunePolicy = { olderThanMs: null, keep: 0, maxBytes: null, named: [], giveUp: false };
const DATASET = contentKeys.dataset(datasetManifest.id);
const MODEL = contentKeys.model(MODEL_ID);
const UNUSED = contentKeys.dataset('f'.repeat(64));
const MONTH_AGO = '2026-10-01T00:00:00.000Z';

/** A store with one run that is over, in two trajectories, and a dataset that nobody uses. */
class PrunedStore extends StoredRun {
  state: WorkflowState = 'closed';
  readonly leased = new Set<string>();

  constructor({ isPublished }: { isPublished: boolean }) {
    super();
    this.put(runKeys.request(RUN_KEY), this.plan.request);
    this.own(1);
    this.put(runKeys.step(RUN_KEY, 'prepare'), { datasetId: datasetManifest.id, note: '' });
    this.put(runKeys.step(RUN_KEY, 'baseline'), { modelId: MODEL_ID, maxNewTokens: 1, note: '' });
    this.trajectory(0);
    for (const step of [10, 20, 30]) this.checkpoint(0, step);
    this.trajectory(1, { trajectory: 0, step: 20 });
    this.checkpoint(1, 30);
    this.snapshot(0, 1, 15);
    this.snapshot(1, 2, 30);
    this.content(MODEL);
    this.content(UNUSED);
    if (isPublished) {
      this.put(runKeys.step(RUN_KEY, 'publish'), { note: '' });
      this.content(runKeys.model(RUN_KEY));
      this.put(runKeys.ended(RUN_KEY), { outcome: 'completed', fence: 1, endedAt: MONTH_AGO, message: 'done' });
    }
    for (const key of this.store.keys()) this.store.modified.set(key, MONTH_AGO);
  }

  own(fence: number): void {
    const owner = { workflowId: `run/${RUN_KEY}`, runId: `run-${fence}`, server: 'server', recovery: null };
    this.put(runKeys.owner(RUN_KEY, fence), { fence, ...owner, claimedAt: MONTH_AGO });
  }

  content(key: string): void {
    this.put(`${key}/model.bin`, 'weights');
    this.put(`${key}/${MANIFEST}`, { id: 'x', files: [] });
  }

  async look(policy: PrunePolicy): Promise<PrunePlan> {
    const sources: InventorySources = {
      ...{ store: this.store, leased: this.leased, lost: policy.named },
      stateOf: () => Promise.resolve(this.state),
      nodes: () => Promise.resolve([]),
    };
    return planPrune(await readInventory(sources), policy, new Date());
  }

  /** Plans and removes, as a command does. `meanwhile` happens after the plan was shown. */
  async prune(policy: PrunePolicy = ALL, meanwhile: () => void = () => undefined): Promise<string[]> {
    const { removals } = await this.look(policy);
    meanwhile();
    const acts = { store: this.store, plan: () => this.look(policy), removeNode: () => Promise.resolve() };
    return (await new StorePrune(acts, removals).run()).map(({ key }) => key.replace(`${ROUND}/trajectories/`, ''));
  }

  start(): Promise<unknown> {
    const runs = new FakeRunDirectory();
    runs.server = 'server';
    const who = { workflowId: `run/${RUN_KEY}`, runId: 'newest', recovery: null };
    return act(claimRun({ store: this.store, runs }), { runKey: RUN_KEY, plan: this.plan, ...who });
  }
}

describe('a prune', () => {
  test('of a run that could go on leaves the two newest whole checkpoints of its line, and the epochs of the line', async () => {
    const one = new PrunedStore({ isPublished: false });
    expect(await one.prune()).toEqual([...['0/checkpoints/step-00000010', '0/checkpoints/step-00000030'], UNUSED]);
    const record = await readTraining(one.store, ROUND);
    expect(chooseResumePoint(record.line, record.checkpoints).resume).toEqual({ trajectory: 1, step: 30 });
    expect(record.snapshots.map(({ manifest }) => manifest.epoch)).toEqual([1, 2]);
  });

  test('leaves an older checkpoint where the newest is damaged', async () => {
    const one = new PrunedStore({ isPublished: false });
    one.store.objects.delete(`${ROUND}/trajectories/1/checkpoints/step-00000030/deepspeed/rank-1.bin`);
    expect(await one.prune()).not.toContain('0/checkpoints/step-00000020');
    const record = await readTraining(one.store, ROUND);
    expect(chooseResumePoint(record.line, record.checkpoints).resume).toEqual({ trajectory: 0, step: 20 });
  });

  test('of a run that has published its model leaves model, record and the manifests of its epochs', async () => {
    const one = new PrunedStore({ isPublished: true });
    await one.prune();
    const left = one.store.keys();
    expect(left.filter((key) => key.includes('/checkpoints/'))).toEqual([]);
    expect(left.filter((key) => key.includes('/epochs/')).map((key) => key.split('/').at(-1))).toEqual([
      MANIFEST,
      PRUNED,
      MANIFEST,
      PRUNED,
    ]);
    expect(left).toContain(`${runKeys.model(RUN_KEY)}/model.bin`);
    expect(left).toContain(`${DATASET}/${MANIFEST}`);
    const { snapshots } = await readTraining(one.store, ROUND);
    expect(snapshots.map(({ manifest }) => manifest.weightsSha256)).toHaveLength(2);
    expect(await one.prune()).toEqual([]);
  });

  test('leaves weights that whoever needs them is told of', async () => {
    const one = new PrunedStore({ isPublished: true });
    await one.prune();
    const key = `${ROUND}/trajectories/1/epochs/epoch-0002`;
    const ports = { jobs: new FakeJobRunner(temporaryFolder()), store: one.store, workLog: new FakeWorkLog() };
    await expect(act(stageInputs(ports), [{ kind: 'folder', key, to: key }])).rejects.toEqual(
      failure('InvalidData', /formwork prune has removed the files of .*epoch-0002 at 2/),
    );
  });

  test('that names a run removes all of it, and what it alone used', async () => {
    const one = new PrunedStore({ isPublished: true });
    await one.prune({ ...ALL, keep: null, named: [RUN_KEY] });
    expect(one.store.keys()).toEqual([]);
  });

  test.each<[string, (one: PrunedStore) => void]>([
    ['is open', (one) => (one.state = 'open')],
    ['may be open', (one) => (one.state = 'unknown')],
    ['has machines', (one) => one.leased.add(RUN_KEY)],
    ['has a record that cannot be read', (one) => one.put(`${ROUND}/trajectories/1.json`, 'torn')],
  ])('takes nothing of a run that %s', async (_, make) => {
    const one = new PrunedStore({ isPublished: false });
    make(one);
    const before = one.store.keys(`runs/${RUN_KEY}`);
    await one.prune({ ...ALL, giveUp: true });
    expect(one.store.keys(`runs/${RUN_KEY}`)).toEqual(before);
    expect(one.store.keys(DATASET)).not.toEqual([]);
  });
});

describe('a run that starts beside a prune', () => {
  test('before it looks again keeps all that it has', async () => {
    const one = new PrunedStore({ isPublished: false });
    const before = one.store.keys(`runs/${RUN_KEY}/rounds`);
    const resume = (): void => {
      one.own(2);
      one.state = 'open';
    };
    expect(await one.prune({ ...ALL, giveUp: true }, resume)).toEqual([UNUSED]);
    expect(one.store.keys(`runs/${RUN_KEY}/rounds`)).toEqual(before);
    expect(one.store.keys().filter((key) => key.endsWith(PRUNE_MARK))).toEqual([]);
  });

  test('and may need a dataset that no record names yet keeps all of them', async () => {
    const one = new PrunedStore({ isPublished: true });
    const start = (): void => {
      one.put(runKeys.request('other'), one.plan.request);
      const owner = { fence: 1, workflowId: 'run/other', runId: 'r', server: 'server', recovery: null, claimedAt: MONTH_AGO };
      one.put(runKeys.owner('other', 1), owner);
      one.state = 'open';
    };
    expect(await one.prune({ ...ALL, keep: null }, start)).toEqual([]);
    expect(one.store.keys(UNUSED)).toHaveLength(2);
  });

  test('after it has looked waits until the mark is gone, whether it claims a run or takes up a dataset', async () => {
    const one = new PrunedStore({ isPublished: false });
    const { removals } = await one.look(ALL);
    let refused: unknown[] = [];
    const acts = {
      store: one.store,
      plan: async () => {
        const plan = await one.look(ALL);
        refused = await Promise.all(
          [one.start(), waitForPrune(one.store, UNUSED)].map((wait) => wait.catch((error: unknown) => error)),
        );
        return plan;
      },
      removeNode: () => Promise.resolve(),
    };
    await new StorePrune(acts, removals).run();
    const waits = failure('StoreUnavailable', /formwork prune is at work on /);
    expect(refused).toEqual([waits, waits]);
    await one.start();
    await waitForPrune(one.store, UNUSED);
  });

  test('is not held up by the marks of a prune that was broken off', async () => {
    const one = new PrunedStore({ isPublished: false });
    const mark = { at: new Date(Date.now() - 11 * 60_000).toISOString(), hasBegun: false };
    for (const folder of [runKeys.root(RUN_KEY), UNUSED]) one.put(`${folder}/${PRUNE_MARK}`, mark);
    await one.start();
    await waitForPrune(one.store, UNUSED);
    expect(one.store.keys().filter((key) => key.endsWith(PRUNE_MARK))).toEqual([]);
  });

  test('is refused under a key of which a part is gone, however long ago', async () => {
    const one = new PrunedStore({ isPublished: false });
    one.put(`${runKeys.root(RUN_KEY)}/${PRUNE_MARK}`, { at: MONTH_AGO, hasBegun: true });
    await expect(one.start()).rejects.toEqual(failure('RunKeyInUse', /formwork prune --yes ends it/));
  });
});

describe('a prune that is killed at any moment', () => {
  const policies: [string, PrunePolicy, boolean][] = [
    ['thins out a run that could go on', ALL, false],
    ['thins out a published run', ALL, true],
    ['removes a run', { ...ALL, keep: null, named: [RUN_KEY] }, true],
  ];

  test.each(policies)(
    'while it %s leaves nothing half that looks whole, and the next one ends it',
    async (_, policy, isPublished) => {
      const whole = new PrunedStore({ isPublished });
      await whole.prune(policy);
      const expected = whole.store.keys();
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: 60 }), async (calls) => {
          const one = new PrunedStore({ isPublished });
          const killed = new Error('killed');
          let left = calls;
          one.store.failWith(
            killed,
            ({ operation }) => (operation === 'delete' || operation === 'put' || operation === 'putIfAbsent') && (left -= 1) < 0,
          );
          await one.prune(policy).catch((error: unknown) => expect(error).toBe(killed));
          one.store.mend();

          const untouched = new PrunedStore({ isPublished });
          // Whatever has a manifest has its files, or says that they are gone.
          for (const key of one.store.keys().filter((name) => name.endsWith(`/${MANIFEST}`) && name !== `${DATASET}/${MANIFEST}`)) {
            const folder = key.slice(0, -MANIFEST.length);
            if (one.store.objects.has(`${folder}${PRUNED}`)) continue;
            expect(one.store.keys(folder).filter((name) => !name.endsWith(PRUNE_MARK))).toEqual(untouched.store.keys(folder));
          }
          // Nobody takes the rest of a run for a run.
          const root = `${runKeys.root(RUN_KEY)}/`;
          const isNamedThere = policy.named.length > 0 && one.store.objects.has(runKeys.request(RUN_KEY));
          if (
            policy.named.length > 0 &&
            one.store.keys(root).filter((key) => !key.endsWith(PRUNE_MARK)).length < untouched.store.keys(root).length
          ) {
            expect(await knownRuns(one.store)).toEqual([]);
            if (one.store.keys(root).length > 0) await expect(one.start()).rejects.toMatchObject({ kind: 'RunKeyInUse' });
          }

          await one.prune(isNamedThere ? policy : { ...policy, named: [] });
          expect(one.store.keys()).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    },
  );
});
