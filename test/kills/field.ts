import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { execa } from 'execa';
import { prepareDataset } from '../../activities/dataset/prepare-dataset.js';
import { readRequiredRecord } from '../../activities/storage/records.js';
import { storeModelFolder } from '../../activities/storage/model-folder.js';
import { DatasetManifest } from '../../src/contract/dataset.js';
import type { RunPlan } from '../../src/contract/plan.js';
import { initPlan } from '../../src/domain/runner-plans.js';
import { contentKeys, MANIFEST } from '../../src/domain/store-keys.js';
import { ControlFolder } from '../../src/platform/control/control-folder.js';
import { Home } from '../../src/platform/home/home.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import { packageFile } from '../../src/platform/package-root.js';
import { LocalPlanner } from '../../src/platform/planning/local-planner.js';
import { connectClient, plainServer } from '../../src/platform/temporal/connection.js';
import { checkRows } from '../../src/tasks/check-rows.js';
import { Sandbox } from '../e2e/sandbox.js';
import { act } from '../fixtures/activity-context.js';
import type { Runner } from './runners.js';

/** What rounds train on: a plan, and the data and model that a run would have made of it before. */
export interface Ground {
  plan: RunPlan;
  datasetId: string;
  modelId: string;
}

/** A control plane of its own, as `formwork up` starts it, and what rounds on it need. */
export class Field {
  readonly box = new Sandbox();
  readonly home = new Home(this.box.home);
  readonly store = new FileStore(this.home.store());
  private readonly python: string;
  private connected: Client | null = null;
  private prepared: Ground | null = null;

  constructor(readonly runner: Runner) {
    this.python = runner.python(this.box.root);
  }

  get client(): Client {
    if (this.connected === null) throw new Error('the control plane has not been started');
    return this.connected;
  }

  get ground(): Ground {
    if (this.prepared === null) throw new Error('plan, data and model have not been made');
    return this.prepared;
  }

  async open(): Promise<void> {
    const up = this.box.formwork(['up'], { FORMWORK_PYTHON: this.python });
    if ((await up.ended) !== 0) throw new Error(`formwork up failed:\n${up.stderr}`);
    const record = await new ControlFolder(this.home.control()).lastRecord();
    if (record === null) throw new Error('formwork up has left no record of its server');
    this.connected = await connectClient(plainServer(record.server.address, record.server.namespace));
    this.prepared = await this.prepare();
  }

  /** @returns what `formwork down` has said, where it failed. */
  async down(): Promise<string | null> {
    await this.connected?.connection.close();
    const down = this.box.formwork(['down']);
    return (await down.ended) === 0 ? null : `formwork down: ${down.stdout}${down.stderr}`;
  }

  private async prepare(): Promise<Ground> {
    const request = this.runner.request(join(this.box.root, 'data'));
    const planner = new LocalPlanner({ folder: this.box.root, checkRows, home: this.home, python: null });
    const plan = { ...(await planner.plan(request, 'run')), limits: this.runner.limits };
    const { store } = this;
    const { datasetId } = await act(prepareDataset({ store }), { plan });
    const dataset = await readRequiredRecord(store, `${contentKeys.dataset(datasetId)}/${MANIFEST}`, DatasetManifest);
    return { plan, datasetId, modelId: await this.makeModel(plan, dataset) };
  }

  private async makeModel(plan: RunPlan, dataset: DatasetManifest): Promise<string> {
    const folder = join(this.box.root, 'init');
    mkdirSync(folder);
    writeFileSync(join(folder, 'plan.json'), JSON.stringify(initPlan(plan, dataset, join(folder, 'model'))));
    const files = ['--plan', join(folder, 'plan.json'), '--events', join(folder, 'events.jsonl')];
    await execa(this.python, ['-m', 'gpu_runner', 'init', ...files], {
      // Keys of the store are the paths of a node.
      cwd: this.home.store(),
      env: { PYTHONPATH: packageFile('gpu-runner'), PYTHONDONTWRITEBYTECODE: '1', HF_HUB_OFFLINE: '1' },
    });
    const store = (): Promise<{ modelId: string }> => storeModelFolder(this.store, join(folder, 'model'), null);
    return (await act(store)).modelId;
  }
}
