import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunReport } from '../../src/contract/report.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { RunResult } from '../../src/contract/run.js';
import { RunSituation } from '../../src/contract/run-situation.js';
import { createRandom } from '../../src/domain/random.js';
import { isEntry, isRank, isServer, Sandbox, type FormworkProcess } from './sandbox.js';
import { settledLedger } from './provider-bill.js';
import { asOptions, shortRequest } from './short-request.js';
import { storedSteps, TrainingWatch } from './training-watch.js';

/** Which steps are hit is left to chance, and can be repeated. */
const SEED = Number(process.env['FORMWORK_TEST_SEED'] ?? Date.now() % 1_000_000);

/** Dollars for an hour of a node of the run that nothing happens to. */
const PRICE = 3.6;
const price = ['--set', `cluster.pricePerNodeHourUsd=${PRICE}`];

const sandboxes: Sandbox[] = [];
const sandbox = (): Sandbox => {
  const made = new Sandbox();
  sandboxes.push(made);
  return made;
};
afterAll(async () => {
  for (const one of sandboxes) await one.close();
});

/** The run that nothing happens to; the others have to end like it. */
let unbroken: { box: Sandbox; process: FormworkProcess; result: RunResult };

beforeAll(async () => {
  process.stdout.write(`faults at random steps, FORMWORK_TEST_SEED=${SEED}\n`);
  const box = sandbox();
  writeFileSync(join(box.root, 'request.json'), JSON.stringify(shortRequest(join(box.root, 'data'))));
  const started = box.formwork(['run', 'request.json', '--set', 'runKey=unbroken', ...price, '--json']);
  expect(await started.ended, started.stderr).toBe(0);
  unbroken = { box, process: started, result: RunResult.parse(JSON.parse(started.stdout.trim().split('\n').at(-1) as string)) };
});

describe('a run that nothing happens to', () => {
  it('goes from a request to a report, with plain lines on the way', () => {
    const { process, result } = unbroken;
    expect(result).toMatchObject({ runKey: 'unbroken', outcome: 'completed', chosenEpoch: 3, reportKey: 'runs/unbroken/report' });
    for (const stage of [
      'plan',
      'prepare',
      'lease',
      'baseline',
      'smoke',
      'train',
      'evaluate',
      'test',
      'publish',
      'release',
      'report',
    ]) {
      expect(process.stderr + process.stdout).toMatch(new RegExp(`^${stage}: .+ \\(`, 'm'));
    }
  });

  it('leaves no process, no listener and no lock', async () => {
    const { box, process } = unbroken;
    expect(box.processes()).toEqual([]);
    expect(box.listening()).toEqual([]);
    expect(existsSync(join(box.home, 'control', 'lock'))).toBe(false);
    const ports = [...(process.stdout + process.stderr).matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => Number(match[1]));
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) await expect(isListening(port)).resolves.toBe(false);
  });

  it('tells every step of every rank once', () => {
    const steps = storedSteps(unbroken.box.home, 'unbroken').map(({ rank, step }) => `${rank}/${step}`);
    expect(new Set(steps).size).toBe(steps.length);
    const last = Math.max(...storedSteps(unbroken.box.home, 'unbroken').map(({ step }) => step));
    expect(steps.length).toBe(2 * last);
  });

  it('writes a report that fits its schema, and a model that answers', async () => {
    const { box } = unbroken;
    const text = readFileSync(join(box.home, 'store', 'runs', 'unbroken', 'report', 'report.json'), 'utf8');
    const report = RunReport.parse(JSON.parse(text));
    expect(report.loss.at(-1)?.step).toBe(report.training.steps);
    expect(report.epochs.filter(({ chosen }) => chosen)).toHaveLength(1);
    expect(report.headline.comparison.items).toBe(24);
    const asked = box.formwork(['try', 'unbroken', 'Is there a game for the PC?']);
    expect(await asked.ended, asked.stderr).toBe(0);
    expect(asked.stdout.trim()).not.toBe('');
  });

  it('has paid what the list of the provider says, and knows what for', async () => {
    const { box } = unbroken;
    const ledger = await settledLedger(box, 'unbroken');
    expect(ledger.nodes).toHaveLength(2);
    expect(ledger.usd).toBeCloseTo((ledger.milliseconds / 3_600_000) * PRICE, 9);
    const names = new Set(ledger.entries.map(({ spending }) => spending));
    expect([...names].sort()).toEqual(['checkpoint', 'evaluate', 'idle', 'install', 'load', 'provision', 'train']);
    // What ranks told of their steps, on both nodes; what lies between two steps is training too.
    const { training, ledger: reported } = RunReport.parse(
      JSON.parse(readFileSync(join(box.home, 'store', 'runs', 'unbroken', 'report', 'report.json'), 'utf8')),
    );
    expect(ledger.kept / 1000).toBeGreaterThan(1.9 * training.seconds);
    expect(ledger.goodput).toBeLessThan(1);
    // The report is made when the nodes are gone.
    expect({ ...reported, at: ledger.at }).toEqual(ledger);
    const shown = box.formwork(['ledger', 'unbroken']);
    expect(await shown.ended).toBe(0);
    expect(shown.stdout).toMatch(/^train +\d/m);
    const status = box.formwork(['status', 'unbroken']);
    expect(await status.ended, status.stderr).toBe(0);
    expect(status.stdout).toMatch(/^paid +.* of 2 nodes paid, \d+\.\d+ USD; goodput \d/m);
  });

  it('shows its end, also without a server, its logs and itself in the list', async () => {
    const { box } = unbroken;
    const list = box.formwork(['list', '--json']);
    expect(await list.ended).toBe(0);
    expect(JSON.parse(list.stdout)).toMatchObject({ runKey: 'unbroken', state: 'completed' });
    const status = box.formwork(['status', 'unbroken']);
    expect(await status.ended, status.stderr).toBe(0);
    expect(status.stdout).toMatch(/^run unbroken: completed, ended /);
    const logs = box.formwork(['logs', 'unbroken', '--node', '1', '--rank', '1']);
    expect(await logs.ended).toBe(0);
    expect(logs.stdout).toContain('epoch 3');
  });
});

describe('a run whose checkpoints and epochs are pruned', () => {
  it('is still answered from its record, with a report made again and a model that answers', async () => {
    const { box, result } = unbroken;
    const folder = join(box.home, 'store', 'runs', 'unbroken');
    const sizeOf = (name: string): number => statSync(join(folder, name)).size;
    const before = RunReport.parse(JSON.parse(readFileSync(join(folder, 'report', 'report.json'), 'utf8')));
    const shown = box.formwork(['prune', '--keep', '0']);
    expect(await shown.ended, shown.stderr).toBe(0);
    expect(shown.stdout).toMatch(/MB 3 weights of epochs of unbroken: the model is published\n(.*\n)*Nothing was removed/);
    const epoch = 'rounds/0/trajectories/0/epochs/epoch-0003';
    expect(sizeOf(`${epoch}/model.safetensors`)).toBeGreaterThan(0);

    const pruned = box.formwork(['prune', '--keep', '0', '--yes', '--json']);
    expect(await pruned.ended, pruned.stderr).toBe(0);
    const { removals, removed } = JSON.parse(pruned.stdout) as Record<'removals' | 'removed', unknown[]>;
    expect(removed).toEqual(removals);
    expect(readdirSync(join(folder, epoch)).sort()).toEqual(['manifest.json', 'pruned.json']);
    expect(existsSync(join(folder, 'rounds/0/trajectories/0/checkpoints'))).toBe(false);

    rmSync(join(folder, 'report'), { recursive: true });
    const again = box.formwork(['run', 'request.json', '--set', 'runKey=unbroken', ...price, '--json']);
    expect(await again.ended, again.stderr).toBe(0);
    expect(RunResult.parse(JSON.parse(again.stdout))).toEqual(result);
    const after = RunReport.parse(JSON.parse(readFileSync(join(folder, 'report', 'report.json'), 'utf8')));
    const { generatedAt: _, stages: __, story, ledger, ...told } = after;
    expect(before).toMatchObject(told);
    expect(story.map(({ what }) => what)).toEqual(['started', 'started again']);
    expect({ ...ledger, at: before.ledger?.at }).toEqual(before.ledger);
    const asked = box.formwork(['try', 'unbroken', 'Is there a game for the PC?']);
    expect(await asked.ended, asked.stderr).toBe(0);
  });
});

describe('a run that is broken on purpose, by formwork fault', () => {
  it('completes with the weights of the unbroken one, and only the dead rank costs steps', async () => {
    const box = sandbox();
    const request = shortRequest(join(box.root, 'data'));
    writeFileSync(join(box.root, 'request.json'), JSON.stringify(request));
    const watch = new TrainingWatch(box.home, 'broken');
    const total = Math.max(...storedSteps(unbroken.box.home, 'unbroken').map(({ step }) => step));
    const random = createRandom(SEED);
    const started = box.formwork(['run', 'request.json', '--set', 'runKey=broken', '--json']);
    const fault = (kind: string, step: number, ...more: string[]): FormworkProcess =>
      box.formwork(['fault', kind, '--run', 'broken', '--after-step', String(step), ...more]);

    // Each at a random step after the first checkpoint; those that must cost nothing come first, so that one trajectory shows it.
    await started.said(/^baseline: /m);
    const workerStep = random.int(11, 25);
    const linkStep = random.int(workerStep + 1, 40);
    const controlStep = random.int(linkStep + 1, 60);
    const rankStep = random.int(controlStep + 1, total - 15);
    const struck = [
      fault('kill-node-worker', workerStep),
      fault('control-link-cut', linkStep, '--seconds', '5'),
      fault('kill-control-worker', controlStep),
      fault('kill-rank', rankStep),
    ];
    await watch.reached(0, rankStep);
    const committed = Math.max(...watch.checkpoints(0));
    for (const one of struck) expect(await one.ended, one.stderr).toBe(0);
    const told = struck.map(({ stdout }) => stdout);
    for (const [index, what] of [
      /SIGKILL to the worker of node \d, process \d+\n/,
      /over: control link of node \d cut for 5 s\n/,
      /SIGKILL to the control worker, process \d+\n/,
      /SIGKILL to rank \d of node \d, process \d+\n/,
    ].entries())
      expect(told[index]).toMatch(what);

    const faults = told.join('');
    expect(await started.ended, `${faults}\n${started.stderr}`).toBe(0);
    const result = RunResult.parse(JSON.parse(started.stdout.trim().split('\n').at(-1) as string));
    expect(result.weightsSha256, faults).toBe(unbroken.result.weightsSha256);
    const [, second, ...more] = watch.trajectories();
    expect(more, faults).toEqual([]);
    expect(second?.forkedFrom?.trajectory).toBe(0);
    // What was in the store when the rank died is not done again.
    expect(second?.forkedFrom?.step, faults).toBeGreaterThanOrEqual(committed);
    expect(lossesOf(box, 'broken')).toEqual(lossesOf(unbroken.box, 'unbroken'));
    const late = box.formwork(['fault', 'kill-rank', '--run', 'broken']);
    expect(await late.ended).toBe(EXIT.badInput);
    expect(late.stderr).toContain('run broken is over (completed)');
    expect(box.processes()).toEqual([]);
    const ledger = await settledLedger(box, 'broken');
    const costs = ledger.entries.filter(({ cause }) => cause === 'RankKilled').map(({ spending }) => spending);
    expect(new Set(costs), faults).toEqual(new Set(['lost', 'recovery']));
    expect(ledger.entries.filter(({ cause }) => cause !== null && cause !== 'RankKilled')).toEqual([]);
  });
});

describe('a run whose server, and then control host, is killed', () => {
  it('trains on under both, and the next start ends what they left and completes it', async () => {
    const box = sandbox();
    const request = shortRequest(join(box.root, 'data'));
    const options = asOptions({ ...request, training: { ...request.training, epochs: 6 } });
    const first = box.formwork(['start', '--exit', ...options]);
    const [, runKey = ''] = await first.said(/run (practice-\d+-\d+)/);
    const watch = new TrainingWatch(box.home, runKey);
    await watch.reached(0, 15);
    const ranks = (): number[] =>
      box
        .processes()
        .filter(isRank('round-0-t0', null))
        .map(({ pid }) => pid)
        .sort();
    const before = ranks();
    expect(before).toHaveLength(2);
    const server = await box.find('server', isServer);
    process.kill(server.pid, 'SIGKILL');
    await box.find('server after it', (one) => isServer(one) && one.pid !== server.pid);
    process.kill((await box.find('control host', isEntry('control-host'))).pid, 'SIGKILL');
    first.child.kill('SIGKILL');
    await first.ended;
    expect(ranks()).toEqual(before);
    const status = box.formwork(['status', runKey, '--json']);
    expect(await status.ended, status.stderr).toBe(EXIT.notReady);
    const situation = RunSituation.parse(JSON.parse(status.stdout));
    expect(situation).toMatchObject({ state: 'unknown', control: null, stored: { finished: ['prepare', 'baseline', 'smoke'] } });
    expect(situation.nodes.map(({ state }) => state)).toEqual(['running', 'running']);
    expect(situation.stored.checkpoint?.step).toBeGreaterThan(0);

    const second = box.formwork(['start', '--exit', ...options]);
    expect(await second.ended, second.stderr + second.stdout).toBe(0);
    expect(second.stdout).toContain(`going on with run ${runKey}`);
    expect(watch.trajectories(), 'training was begun again').toHaveLength(1);
    expect(box.processes()).toEqual([]);
    expect(box.listening()).toEqual([]);
  });
});

describe('formwork start', () => {
  it('stopped by Ctrl-C in training leaves nothing running, and the next one goes on to the same weights', async () => {
    const box = sandbox();
    const options = asOptions(shortRequest(join(box.root, 'data')));
    const first = box.formwork(['start', '--exit', ...options]);
    const [, runKey = ''] = await first.said(/run (practice-\d+-\d+)/);
    await new TrainingWatch(box.home, runKey).reached(0, 25);
    first.child.kill('SIGINT');
    expect(await first.ended, first.stderr).toBe(130);
    expect(box.processes()).toEqual([]);
    expect(existsSync(join(box.home, 'control', 'lock'))).toBe(false);

    const second = box.formwork(['start', '--exit', ...options]);
    const beside = second.said(/going on with run/).then(() => box.formwork(['start', '--exit', ...options]));
    expect(await second.ended, second.stderr).toBe(0);
    expect(second.stdout).toContain(`going on with run ${runKey}`);
    const third = await beside;
    expect(await third.ended, third.stderr).toBe(0);
    expect(third.stdout).toContain('joined the server that is up');
    const report = RunReport.parse(
      JSON.parse(readFileSync(join(box.home, 'store', 'runs', runKey, 'report', 'report.json'), 'utf8')),
    );
    expect(report.training.weightsSha256).toBe(unbroken.result.weightsSha256);
    expect(lossesOf(box, runKey)).toEqual(lossesOf(unbroken.box, 'unbroken'));
    expect(box.processes()).toEqual([]);
  });
});

/** Exact losses of rank 0 along the line of descent, as the report tells them. */
function lossesOf(box: Sandbox, runKey: string): string[] {
  const byStep = new Map<number, { trajectory: number; lossHex: string | null }>();
  for (const { rank, step, trajectory, lossHex } of storedSteps(box.home, runKey)) {
    if (rank === 0 && trajectory >= (byStep.get(step)?.trajectory ?? 0)) byStep.set(step, { trajectory, lossHex });
  }
  return [...byStep].sort(([a], [b]) => a - b).map(([step, { lossHex }]) => `${step}: ${lossHex ?? 'none'}`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
