import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { EvaluationSpec, predictionsKey } from '../../activities/evaluation/open-evaluation.js';
import type { RunResult } from '../../src/contract/run.js';
import { GeneratedPrediction } from '../../src/contract/score.js';
import { MANIFEST, runKeys } from '../../src/domain/store-keys.js';
import { lineOfLosses } from '../durability/lines.js';
import { storedSteps, TrainingWatch } from '../e2e/training-watch.js';

/** What a run has come to, as far as every run of the request has to come to the same. */
export interface Evidence {
  /** Of the chosen epoch. */
  weightsSha256: string;
  /** SHA-256 of the published weights. */
  publishedSha256: string;
  /** Exact loss of every step and rank along the line of descent. */
  losses: string[];
  /** Each model's answer to each item of the test split. */
  testAnswers: string[];
}

export function evidenceOf(home: string, runKey: string, result: RunResult): Evidence {
  return {
    weightsSha256: result.weightsSha256 ?? '',
    publishedSha256: publishedWeights(home, runKey),
    losses: lineOfLosses(new TrainingWatch(home, runKey).trajectories(), storedSteps(home, runKey)),
    testAnswers: testAnswers(home, runKey),
  };
}

/** In words, where a run was not like the one that nothing happened to. */
export function differences(found: Evidence, unbroken: Evidence): string[] {
  const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((x, i) => x === b[i]);
  return [
    ...(found.weightsSha256 === unbroken.weightsSha256 ? [] : ['the weights are not those of the unbroken run']),
    ...(found.publishedSha256 === unbroken.publishedSha256 ? [] : ['the published weights are not those of the unbroken run']),
    ...(same(found.losses, unbroken.losses) ? [] : ['the losses along the line of descent are not those of the unbroken run']),
    ...(same(found.testAnswers, unbroken.testAnswers) ? [] : ['the answers on test are not those of the unbroken run']),
  ];
}

/**
 * The test split is asked by one evaluation, of the model before and the one after, once the epoch was chosen; each item is answered
 * once by each. In words, what was not so. A run that never came to stage test has not touched it.
 */
export function testReadProblems(home: string, runKey: string, hasCompleted: boolean): string[] {
  const store = join(home, 'store');
  const folder = join(store, 'runs', runKey, 'evaluations');
  const specs = (existsSync(folder) ? readdirSync(folder) : []).flatMap((id) => {
    const file = join(folder, id, 'spec.json');
    return existsSync(file) ? [EvaluationSpec.parse(JSON.parse(readFileSync(file, 'utf8')))] : [];
  });
  const ofTest = specs.filter(({ split }) => split === 'test');
  const isChosen = existsSync(join(store, runKeys.step(runKey, 'evaluate')));
  const answers = testAnswers(home, runKey).map((line) => line.slice(0, line.indexOf('=')));
  const [asked] = ofTest;
  const expected = hasCompleted && asked !== undefined ? asked.items * asked.models.length : null;
  return [
    ...(ofTest.length > 1 ? [`${ofTest.length} evaluations have read the test split`] : []),
    ...(ofTest.length === 0 && hasCompleted ? ['the test split was not read'] : []),
    ...(ofTest.length > 0 && !isChosen ? ['the test split was read before an epoch was chosen'] : []),
    ...(new Set(answers).size === answers.length ? [] : ['an item of the test split was answered twice by one model']),
    ...(expected === null || answers.length === expected ? [] : [`${answers.length} answers on test, expected ${expected}`]),
  ];
}

/** `model/item=answer` in order. */
function testAnswers(home: string, runKey: string): string[] {
  const folder = runKeys.evaluation(runKey, 'test');
  const file = join(home, 'store', folder, 'spec.json');
  if (!existsSync(file)) return [];
  const { shards } = EvaluationSpec.parse(JSON.parse(readFileSync(file, 'utf8')));
  return Array.from({ length: shards }, (_, shard) => join(home, 'store', predictionsKey(folder, shard)))
    .filter(existsSync)
    .flatMap((path) => readFileSync(path, 'utf8').split('\n').filter(Boolean))
    .map((line) => GeneratedPrediction.parse(JSON.parse(line)))
    .map(({ model, id, prediction }) => `${model}/${id}=${prediction}`)
    .sort();
}

const ModelManifest = z.object({ files: z.array(z.object({ path: z.string(), sha256: z.string() })) });

function publishedWeights(home: string, runKey: string): string {
  const file = join(home, 'store', runKeys.model(runKey), MANIFEST);
  const { files } = ModelManifest.parse(JSON.parse(readFileSync(file, 'utf8')));
  return files.flatMap(({ path, sha256 }) => (path.endsWith('.safetensors') ? [`${path} ${sha256}`] : [])).join('\n');
}
