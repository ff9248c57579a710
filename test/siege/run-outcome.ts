import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { RunOwner } from '../../src/contract/run.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { knownRun } from '../../src/platform/control/open-runs.js';
import type { Home } from '../../src/platform/home/home.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import { TEST_EVALUATION } from '../../activities/evaluation/compare-on-test.js';
import { lineOfLosses, stepsRedone, stepsToldTwice } from '../durability/lines.js';
import { storedSteps, TrainingWatch } from '../e2e/training-watch.js';
import type { RunDigest } from './result.js';

/** What the stage `evaluate` has kept. */
const ChosenEpoch = z.object({ epoch: z.int(), weightsSha256: z.string() });

/** All that a run has made, by which two of them are held against each other. */
export interface RunOutcome {
  weightsSha256: string;
  chosenEpoch: number;
  /** Of every step and rank along the line of descent, exactly. */
  losses: string[];
  /** Of the published model. */
  modelSha256: string;
  /** Lines of all predictions on the test split, in an order of their own: who has answered first is no part of them. */
  answers: string[];
  executions: number;
  gangs: number;
  stepsRedone: number;
  stepsToldTwice: number;
  seconds: number;
}

/** From the store alone, so also of a run that was made before. @throws when it is not done. */
export async function runOutcome(home: Home, runKey: string): Promise<RunOutcome> {
  const store = new FileStore(home.store());
  const { owner, ended } = await knownRun(store, runKey);
  if (owner === null || ended?.outcome !== 'completed')
    throw new Error(`run ${runKey} of ${home.root} is not completed: ${ended?.message ?? 'it has no end'}`);
  const stored = (key: string): string => join(home.store(), key);
  const chosen = ChosenEpoch.parse(JSON.parse(readFileSync(stored(runKeys.step(runKey, 'evaluate')), 'utf8')));
  const first = RunOwner.parse(JSON.parse(readFileSync(stored(runKeys.owner(runKey, 1)), 'utf8')));
  const forks = new TrainingWatch(home.root, runKey).trajectories();
  const steps = storedSteps(home.root, runKey);
  return {
    weightsSha256: chosen.weightsSha256,
    chosenEpoch: chosen.epoch,
    losses: lineOfLosses(forks, steps),
    modelSha256: sha256(readFileSync(stored(`${runKeys.model(runKey)}/model.safetensors`))),
    answers: linesOf(stored(runKeys.evaluation(runKey, TEST_EVALUATION)), /^predictions-\d+\.jsonl$/).sort(),
    executions: owner.fence,
    gangs: forks.length,
    stepsRedone: stepsRedone(forks, steps),
    stepsToldTwice: stepsToldTwice(steps),
    seconds: Math.round((Date.parse(ended.endedAt) - Date.parse(first.claimedAt)) / 1000),
  };
}

/** How the run that was struck differs from the unbroken one, in words; empty: it does not. */
export function differences(unbroken: RunOutcome, sieged: RunOutcome): string[] {
  const same = (what: string, pick: (outcome: RunOutcome) => string | number): string[] =>
    pick(unbroken) === pick(sieged) ? [] : [`${what}: ${pick(sieged)}; unbroken ${pick(unbroken)}`];
  return [
    ...same('chosen epoch', ({ chosenEpoch }) => chosenEpoch),
    ...same('weights', ({ weightsSha256 }) => weightsSha256),
    ...same('losses along the line of descent', ({ losses }) => digest(losses)),
    ...same('published model', ({ modelSha256 }) => modelSha256),
    ...same('predictions on test', ({ answers }) => digest(answers)),
    ...(sieged.stepsToldTwice === 0 ? [] : [`${sieged.stepsToldTwice} steps told twice`]),
  ];
}

export function digestOf({ losses, answers, stepsToldTwice: _, ...same }: RunOutcome): RunDigest {
  return { ...same, steps: stepsOf(losses), lossesSha256: digest(losses), answersSha256: digest(answers) };
}

/** Losses are in the order of steps: `<step>/<rank>: <loss>`. */
export const stepsOf = (losses: readonly string[]): number => Number.parseInt(losses.at(-1) ?? '0', 10);

const linesOf = (folder: string, name: RegExp): string[] =>
  readdirSync(folder)
    .filter((file) => name.test(file))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter((line) => line !== '');

const digest = (lines: readonly string[]): string => sha256(lines.join('\n'));
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
