import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareDataset } from '../../../activities/dataset/prepare-dataset.js';
import { openEvaluation, type OpenedEvaluation, type OpenEvaluationInput } from '../../../activities/evaluation/open-evaluation.js';
import { DatasetManifest, ReferenceRow } from '../../../src/contract/dataset.js';
import type { Split } from '../../../src/contract/kinds.js';
import type { RunPlan } from '../../../src/contract/plan.js';
import type { GeneratedPrediction } from '../../../src/contract/score.js';
import { contentKeys, MANIFEST, runKeys } from '../../../src/domain/store-keys.js';
import { InMemoryObjectStore } from '../../fakes/in-memory-object-store.js';
import { act } from '../../fixtures/activity-context.js';
import { runPlan } from '../../fixtures/run-plan.js';
import { RUN_KEY } from '../../fixtures/stored-run.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

const meaning = (group: number): string => `inform(name[Game ${group}], release_year[${1990 + group}])`;
const row = (group: number, wording: number): [string, string] => [
  `Game ${group} came out in ${1990 + group}, in wording ${wording}.`,
  meaning(group),
];

/** CSV files of so many groups each, of two rows a group, in a folder of the test. */
export function dataFiles(groups: Record<Split, number> = { train: 12, validation: 4, test: 6 }): Record<Split, string> {
  const folder = temporaryFolder();
  let next = 0;
  const write = (split: Split): string => {
    const path = join(folder, `${split}.csv`);
    const rows: string[] = [];
    for (const end = next + groups[split]; next < end; next += 1) {
      for (const wording of [1, 2])
        rows.push(
          row(next, wording)
            .map((cell) => `"${cell}"`)
            .join(','),
        );
    }
    writeFileSync(path, `ref,mr\n${rows.join('\n')}\n`);
    return path;
  };
  return { train: write('train'), validation: write('validation'), test: write('test') };
}

/** The plan for such files. */
export function filesPlan(files: Record<Split, string>): RunPlan {
  const data = { train: `file:${files.train}`, validation: `file:${files.validation}`, test: `file:${files.test}` };
  return runPlan({ data }, { absolute: (path) => path });
}

/** A run with a plan and a data set in the store, the data set prepared by the activity itself. */
export class PreparedRun {
  private constructor(
    readonly store: InMemoryObjectStore,
    readonly plan: RunPlan,
    readonly datasetId: string,
  ) {}

  static async make(groups?: Record<Split, number>): Promise<PreparedRun> {
    const store = new InMemoryObjectStore();
    const plan = filesPlan(dataFiles(groups));
    const { datasetId } = await act(prepareDataset({ store }), { plan });
    store.objects.set(runKeys.plan(RUN_KEY, 1), Buffer.from(JSON.stringify(plan)));
    return new PreparedRun(store, plan, datasetId);
  }

  get dataset(): DatasetManifest {
    return DatasetManifest.parse(this.store.needJson(`${contentKeys.dataset(this.datasetId)}/${MANIFEST}`));
  }

  references(split: Split): ReferenceRow[] {
    const key = `${contentKeys.dataset(this.datasetId)}/${this.dataset.splits[split].references.file}`;
    return this.lines(key).map((line) => ReferenceRow.parse(line));
  }

  lines(key: string): unknown[] {
    const lines = this.store.need(key).toString('utf8').split('\n').filter(Boolean);
    return lines.map((line): unknown => JSON.parse(line));
  }

  open(input: Partial<OpenEvaluationInput> = {}): Promise<OpenedEvaluation> {
    return act(openEvaluation(this), {
      ...{ runKey: RUN_KEY, fence: 1, gang: 0, id: 'test', datasetId: this.datasetId, split: 'test', items: null },
      models: ['before', 'after'].map((name) => ({ name, key: `models/${name}` })),
      ...{ maxNewTokens: 40, shards: 2 },
      ...input,
    });
  }

  /** What gpu_runner leaves in the store: each model's answer to each item, each shard in its own file. */
  answer(opened: OpenedEvaluation, models: Record<string, (reference: ReferenceRow) => string>, split: Split = 'test'): void {
    const references = new Map(this.references(split).map((reference) => [reference.id, reference]));
    opened.shards.forEach(({ predictions }, shard) => {
      const items = this.lines(runKeys.evaluation(RUN_KEY, predictionsFolder(predictions.to)) + '/items.jsonl') as { id: string }[];
      const mine = items.filter((_, index) => index % opened.shards.length === shard);
      const lines = Object.entries(models).flatMap(([model, answer]) =>
        mine.map(({ id }): GeneratedPrediction => {
          const prediction = answer(references.get(id) as ReferenceRow);
          return { model, id, prediction, num_tokens: 5, stopped: true };
        }),
      );
      this.store.objects.set(predictions.to, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
    });
  }
}

const predictionsFolder = (key: string): string => key.split('/').at(-2) ?? '';
