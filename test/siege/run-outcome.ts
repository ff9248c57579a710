import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from '../../src/contract/run.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { TEST_EVALUATION } from '../../activities/evaluation/compare-on-test.js';
import { lineOfLosses, stepsRedone, stepsToldTwice } from '../durability/lines.js';
import { storedSteps } from '../e2e/training-watch.js';
import type { RunDigest } from './result.js';
import type { Siege } from './siege.js';

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

export async function runOutcome(siege: Siege, result: RunResult): Promise<RunOutcome> {
  const { scene, runKey } = siege;
  const { owner, ended } = await siege.known();
  if (result.outcome !== 'completed' || ended === null || owner === null)
    throw new Error(`run ${runKey} ended as ${result.outcome}: ${result.message}`);
  const stored = (key: string): string => join(scene.home.store(), key);
  const forks = scene.watch.trajectories();
  const steps = storedSteps(scene.box.home, runKey);
  return {
    weightsSha256: result.weightsSha256 ?? '',
    chosenEpoch: result.chosenEpoch ?? 0,
    losses: lineOfLosses(forks, steps),
    modelSha256: sha256(readFileSync(stored(`${runKeys.model(runKey)}/model.safetensors`))),
    answers: linesOf(stored(runKeys.evaluation(runKey, TEST_EVALUATION)), /^predictions-\d+\.jsonl$/).sort(),
    executions: owner.fence,
    gangs: forks.length,
    stepsRedone: stepsRedone(forks, steps),
    stepsToldTwice: stepsToldTwice(steps),
    seconds: Math.round(siege.secondsSinceStart(Date.parse(ended.endedAt))),
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
