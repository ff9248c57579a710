import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TEST_EVALUATION } from '../../activities/evaluation/compare-on-test.js';
import { EvaluationSpec } from '../../activities/evaluation/open-evaluation.js';
import { GeneratedPrediction } from '../../src/contract/score.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { Home } from '../../src/platform/home/home.js';
import { storedSteps, TrainingWatch } from '../e2e/training-watch.js';
import { lineOfLosses } from './lines.js';

/** What the stage `evaluate` has kept. */
const ChosenEpoch = z.object({ epoch: z.int(), weightsSha256: z.string() });

/** What a run that has completed has come to, as far as every run of its request has to come to the same. */
export interface Evidence {
  chosenEpoch: number;
  /** Of the chosen epoch. */
  weightsSha256: string;
  /** Of the published model.safetensors. */
  modelSha256: string;
  /** Of every step and rank along the line of descent, exactly: `<step>/<rank>: <loss>`, in the order of steps. */
  losses: string[];
  /** Lines of all predictions on the test split, in an order of their own: who has answered first is no part of them. */
  answers: string[];
}

/** From the store alone, so also of a run that was made before. */
export function evidenceOf(home: Home, runKey: string): Evidence {
  const stored = (key: string): string => join(home.store(), key);
  const chosen = ChosenEpoch.parse(JSON.parse(readFileSync(stored(runKeys.step(runKey, 'evaluate')), 'utf8')));
  return {
    chosenEpoch: chosen.epoch,
    weightsSha256: chosen.weightsSha256,
    modelSha256: sha256(readFileSync(stored(`${runKeys.model(runKey)}/model.safetensors`))),
    losses: lineOfLosses(new TrainingWatch(home.root, runKey).trajectories(), storedSteps(home.root, runKey)),
    answers: testAnswers(home, runKey),
  };
}

/** In words, where a run that was struck differs from the one that nothing happened to; empty: it does not. */
export function differences(found: Evidence, unbroken: Evidence): string[] {
  const same = (what: string, pick: (evidence: Evidence) => string | number): string[] =>
    pick(found) === pick(unbroken) ? [] : [`${what}: ${pick(found)}; unbroken ${pick(unbroken)}`];
  return [
    ...same('chosen epoch', ({ chosenEpoch }) => chosenEpoch),
    ...same('weights', ({ weightsSha256 }) => weightsSha256),
    ...same('losses along the line of descent', ({ losses }) => digestOfLines(losses)),
    ...same('published model', ({ modelSha256 }) => modelSha256),
    ...same('answers on test', ({ answers }) => digestOfLines(answers)),
  ];
}

export const digestOfLines = (lines: readonly string[]): string => sha256(lines.join('\n'));

/**
 * The test split is asked by one evaluation, of the model before and the one after, once the epoch was chosen; each item is answered
 * once by each. In words, what was not so. A run that never came to stage test has not touched it.
 */
export function testReadProblems(home: Home, runKey: string, hasCompleted: boolean): string[] {
  const folder = join(home.store(), 'runs', runKey, 'evaluations');
  const specs = (existsSync(folder) ? readdirSync(folder) : []).flatMap((id) => {
    const file = join(folder, id, 'spec.json');
    return existsSync(file) ? [EvaluationSpec.parse(JSON.parse(readFileSync(file, 'utf8')))] : [];
  });
  const ofTest = specs.filter(({ split }) => split === 'test');
  const isChosen = existsSync(join(home.store(), runKeys.step(runKey, 'evaluate')));
  const answered = testAnswers(home, runKey).map((line) => {
    const { model, id } = GeneratedPrediction.parse(JSON.parse(line));
    return `${model}/${id}`;
  });
  const [asked] = ofTest;
  const expected = hasCompleted && asked !== undefined ? asked.items * asked.models.length : null;
  return [
    ...(ofTest.length > 1 ? [`${ofTest.length} evaluations have read the test split`] : []),
    ...(ofTest.length === 0 && hasCompleted ? ['the test split was not read'] : []),
    ...(ofTest.length > 0 && !isChosen ? ['the test split was read before an epoch was chosen'] : []),
    ...(new Set(answered).size === answered.length ? [] : ['an item of the test split was answered twice by one model']),
    ...(expected === null || answered.length === expected ? [] : [`${answered.length} answers on test, expected ${expected}`]),
  ];
}

function testAnswers(home: Home, runKey: string): string[] {
  const folder = join(home.store(), runKeys.evaluation(runKey, TEST_EVALUATION));
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => /^predictions-\d+\.jsonl$/.test(file))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean))
    .sort();
}

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
