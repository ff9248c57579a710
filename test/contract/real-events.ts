import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { RUNNER_EXIT_CODES, type RunnerExit } from '../../src/contract/kinds.js';
import type { RunnerEventKind } from '../../src/contract/runner-event.js';
import type { RunnerPlan } from '../../src/contract/runner-plan.js';
import { datasetFile, exportPlan, generatePlan, initPlan, tokensPlan, trainPlan } from '../../src/domain/runner-plans.js';
import { contentKeys, stepFolder } from '../../src/domain/store-keys.js';
import { renderRow } from '../../src/tasks/render-row.js';
import { practiceRows } from '../../src/tasks/viggo/practice/practice-rows.js';
import { datasetManifest } from '../fixtures/job-spec.js';
import { runPlan } from '../fixtures/run-plan.js';
import type { GpuRunnerDriver } from './gpu-runner-driver.js';

const MODEL = 'e'.repeat(64);
const JOB = 'jobs/train';
const SNAPSHOT = `${JOB}/epochs/epoch-0001`;

/** The events files of every command, run for real from plans that TypeScript writes, on a few rows and one rank; one line an event. */
export async function realEvents(python: GpuRunnerDriver): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'formwork-contract-'));
  try {
    await runEveryCommand(python, folder);
    return readFileSync(join(folder, 'events-0.jsonl'), 'utf8').trimEnd().split('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runEveryCommand(python: GpuRunnerDriver, folder: string): Promise<void> {
  const plan = runPlan({
    cluster: { nodes: 1 },
    // Small steps, and more of them than there is time for: training is stopped, not waited for.
    training: { epochs: 1000, batchTokens: 512 },
  });
  const run = async (runner: RunnerPlan, exit: RunnerExit, stopAfter?: RunnerEventKind): Promise<void> => {
    const ended = await python.run(runner.command, runner, { folder, ...(stopAfter === undefined ? {} : { stopAfter }) });
    if (ended.code !== RUNNER_EXIT_CODES[exit])
      throw new Error(`${runner.command} ended with ${ended.code} instead of ${exit}:\n${ended.log}`);
  };
  const train = (step: number | null): RunnerPlan =>
    trainPlan(plan, datasetManifest, MODEL, {
      jobFolder: JOB,
      maxSteps: null,
      resume: step === null ? null : { trajectory: 0, step },
    });

  writeInputs(folder);
  await run({ command: 'describe' }, 'ok');
  await run(initPlan(plan, datasetManifest, contentKeys.model(MODEL)), 'ok');
  await run(tokensPlan(plan, datasetManifest, MODEL), 'ok');
  await run(train(null), 'interrupted', 'snapshot');
  await run(resumedFrom(train(stoppedAt(folder)), folder), 'interrupted', 'step');
  const models = [{ name: 'epoch-1', path: SNAPSHOT }];
  const options = { items: 'items.jsonl', shard: { index: 0, count: 1 }, predictions: 'predictions.jsonl', maxNewTokens: 8 };
  await run(generatePlan(plan, datasetManifest, { models, ...options }), 'ok');
  await run(exportPlan(SNAPSHOT, 'card.md', 'exported'), 'ok');
  await run({ command: 'describe', comand: 'describe' } as RunnerPlan, 'config');
}

function writeInputs(folder: string): void {
  const practice = practiceRows(17);
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const lines = (rows: unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  for (const split of ['train', 'validation'] as const)
    write(datasetFile(datasetManifest, split), lines(practice[split].slice(0, 40).map(renderRow)));
  write('items.jsonl', lines(practice.validation.slice(0, 4).map((row) => ({ id: row.id, prompt: renderRow(row).prompt }))));
  write('card.md', '# A model of a test\n');
}

/** The step of the newest checkpoint, which a stop makes. */
function stoppedAt(folder: string): number {
  const events = readFileSync(join(folder, 'events-0.jsonl'), 'utf8').trimEnd().split('\n');
  return (JSON.parse(events.at(-1) ?? '{}') as { step: number }).step;
}

/** Where the checkpoint lies already: nobody stages it here. */
function resumedFrom(plan: RunnerPlan, folder: string): RunnerPlan {
  if (plan.command !== 'train' || plan.resume === null) throw new Error(`nothing to resume in ${folder}`);
  return { ...plan, resume: { ...plan.resume, path: `${JOB}/checkpoints/${stepFolder(plan.resume.step)}` } };
}
