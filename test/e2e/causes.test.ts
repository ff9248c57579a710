import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readIncidents } from '../../activities/run/incidents.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import type { Incident } from '../../src/contract/incident.js';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { RunResult } from '../../src/contract/run.js';
import { createRandom } from '../../src/domain/random.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import { packageFile } from '../../src/platform/package-root.js';
import { renderRow, SPECIAL_TOKENS, STOP_TOKEN } from '../../src/tasks/render-row.js';
import { isRank, Sandbox, type FormworkProcess } from './sandbox.js';
import { shortRequest } from './short-request.js';
import { canStarve, pythonThatKeepsNoMemory, starveMemory } from './starve-memory.js';
import { storedEvents, TrainingWatch } from './training-watch.js';

const SEED = Number(process.env['FORMWORK_TEST_SEED'] ?? Date.now() % 1_000_000);
const python = process.env['FORMWORK_PYTHON'] ?? 'python3';

/** A run that comes to wait for a person, and what that person does. */
class ParkingRun {
  readonly box = new Sandbox();
  readonly watch: TrainingWatch;

  constructor(readonly runKey: string) {
    this.watch = new TrainingWatch(this.box.home, runKey);
  }

  /** Without a terminal, as from a script. */
  start(request: FineTuningRequestInput, options: string[] = [], env: NodeJS.ProcessEnv = {}): FormworkProcess {
    writeFileSync(join(this.box.root, 'request.json'), JSON.stringify({ ...request, runKey: this.runKey }));
    return this.box.formwork(['run', 'request.json', ...options], env);
  }

  /** What formwork status says of it. */
  async parkedStatus(): Promise<string> {
    const status = this.box.formwork(['status', this.runKey]);
    expect(await status.ended, status.stdout).toBe(EXIT.parked);
    return status.stdout.replaceAll(/\s+/g, ' ');
  }

  async retry(value: string): Promise<number | null> {
    return this.box.formwork(['retry', this.runKey, '--set', value]).ended;
  }

  async result(): Promise<RunResult> {
    const watched = this.box.formwork(['watch', this.runKey, '--json']);
    expect(await watched.ended, watched.stderr).toBe(EXIT.ok);
    return RunResult.parse(JSON.parse(watched.stdout));
  }

  incidents(): Promise<Incident[]> {
    return readIncidents(new FileStore(join(this.box.home, 'store')), this.runKey);
  }

  /** Steps of rank 0 along the line of descent, each with why its update was passed over. */
  steps(): Map<number, string | null> {
    const forks = this.watch.trajectories();
    const events = storedEvents(this.box.home, this.runKey);
    return new Map(
      forks.flatMap(({ trajectory }) =>
        events.flatMap(({ trajectory: of, event }): [number, string | null][] =>
          of === trajectory && event.kind === 'step' && event.rank === 0 ? [[event.step, event.skipped]] : [],
        ),
      ),
    );
  }

  /** formwork down, after which nothing of it is left. */
  async ended(): Promise<void> {
    expect(await this.box.formwork(['down']).ended).toBe(EXIT.ok);
    expect(this.box.processes()).toEqual([]);
    expect(this.box.listening()).toEqual([]);
  }
}

const runs: ParkingRun[] = [];
const parkingRun = (runKey: string): ParkingRun => {
  const run = new ParkingRun(runKey);
  runs.push(run);
  return run;
};
afterAll(async () => {
  for (const { box } of runs) await box.close();
});

describe.skipIf(!canStarve())('a run whose ranks the kernel refuses memory', () => {
  it('trains on with half the rows a pass, parks with one, and completes when a person lets it go on', async () => {
    const run = parkingRun('memory');
    const { box, watch } = run;
    // One epoch of about a hundred steps: the second gang has committed a checkpoint long before it would be done.
    const short = shortRequest(join(box.root, 'data'), { train: 900, validation: 24, test: 24 });
    const request = { ...short, training: { ...short.training, epochs: 1 } };
    const wrapped = pythonThatKeepsNoMemory(join(box.root, 'python'), python);
    expect(await run.start(request, ['--detach'], { FORMWORK_PYTHON: wrapped }).ended).toBe(EXIT.ok);
    const random = createRandom(SEED);
    for (const gang of [0, 1]) {
      await watch.reached(gang, 12 + 10 * gang);
      const rank = random.int(0, 1);
      await starveMemory((await box.find(`rank ${rank}`, isRank(`round-0-t${gang}`, rank))).pid);
    }

    const watched = box.formwork(['watch', run.runKey]);
    expect(await watched.ended, watched.stdout + watched.stderr).toBe(EXIT.parked);
    expect(await run.parkedStatus()).toMatch(/parked.*training\.activationCheckpointing.*OutOfMemory/);
    expect(await run.incidents()).toMatchObject([
      { kind: 'OutOfMemory', answer: 'again', change: { training: { microBatchRows: 1, accumulationSteps: 2 } } },
      { kind: 'OutOfMemory', answer: 'fail', change: null },
    ]);
    expect(await run.retry('training.epochs=2'), 'a value that is not taken was taken').toBe(EXIT.badInput);
    expect(await run.retry('training.activationCheckpointing=true')).toBe(EXIT.ok);
    expect(await run.result()).toMatchObject({ outcome: 'completed', chosenEpoch: 1 });
    const [, second, third, ...more] = watch.trajectories();
    expect(more).toEqual([]);
    expect([second?.forkedFrom?.trajectory, third?.forkedFrom?.trajectory]).toEqual([0, 1]);
    await run.ended();
  });
});

describe('a run from weights with which one word of some rows cannot be computed', () => {
  it('goes round such rows until its budget is used up, parks, and completes when a person lets it skip them', async () => {
    const run = parkingRun('poisoned');
    const { box } = run;
    const started = run.start(poisoned(box.root));
    expect(await started.ended, started.stderr).toBe(EXIT.parked);
    expect(started.stdout).toMatch(/formwork retry poisoned goes on.*stay up for it.*formwork status poisoned says what/s);
    expect(await run.parkedStatus()).toMatch(/parked.*training\.learningRate.*Diverged/);
    const before = await run.incidents();
    expect(before.map(({ kind, event }) => `${event} ${kind}`)).toEqual(Array(4).fill('failed Diverged'));
    expect(run.watch.trajectories()).toHaveLength(4);
    const wentRound = before.slice(0, 3).map((incident) => (incident.event === 'failed' ? incident.skipStep : null));
    expect(new Set(wentRound).size).toBe(3);

    expect(await run.retry('training.onNonFinite=skip')).toBe(EXIT.ok);
    expect(await run.result()).toMatchObject({ outcome: 'completed', chosenEpoch: 1 });
    const steps = run.steps();
    expect(wentRound.map((step) => steps.get(step as number))).toEqual(['asked', 'asked', 'asked']);
    expect([...steps.values()].filter((why) => why === 'loss')).toHaveLength(POISONED_ROWS.length - 3);
    await run.ended();
  });
});

/** Of the training rows; each falls into a batch of its own, and none into the two of the smoke test. */
const POISONED_ROWS = [40, 90, 140, 190, 240];

/** One epoch on one node: what is looked at is the way from gang to gang, and a start of Python is most of it. */
function poisoned(root: string): FineTuningRequestInput {
  const short = shortRequest(join(root, 'data'));
  const file = join(root, 'data', 'train.jsonl');
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; input: string; target: string });
  mkdirSync(join(root, 'init'));
  const init = {
    ...{ command: 'init', seed: 7, rows: 'rows.jsonl', output: 'model', special_tokens: SPECIAL_TOKENS, stop_token: STOP_TOKEN },
    ...{ vocabulary_size: 512, hidden_size: 32, intermediate_size: 64, num_layers: 2, num_heads: 2, max_positions: 128 },
  };
  writeFileSync(join(root, 'init', 'rows.jsonl'), jsonl(rows.map(renderRow)));
  writeFileSync(join(root, 'init', 'plan.json'), JSON.stringify(init));
  const package_ = packageFile('gpu-runner');
  const options = { cwd: join(root, 'init'), env: { ...process.env, PYTHONPATH: package_ }, stdio: 'pipe' as const };
  execFileSync(python, ['-m', 'gpu_runner', 'init', '--plan', 'plan.json', '--events', 'events.jsonl'], options);
  const poison =
    'import sys; from pathlib import Path; from tests.poisoned import write_poisoned as w; w(*map(Path, sys.argv[1:]))';
  execFileSync(python, ['-c', poison, 'model', 'poisoned'], options);
  for (const place of POISONED_ROWS) {
    const row = rows[place];
    if (row !== undefined) row.input += ' \u00a7';
  }
  writeFileSync(file, jsonl(rows));
  return {
    ...short,
    model: `path:${join(root, 'init', 'poisoned')}`,
    training: { ...short.training, epochs: 1 },
    cluster: { nodes: 1 },
  };
}

const jsonl = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
