import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../src/platform/network/free-port.js';
import { JobFolder } from '../../../src/platform/runner/job-folder.js';
import { RanksByHand } from '../../cost/by-hand.js';
import { isRank, Sandbox } from '../../e2e/sandbox.js';
import { trainJob } from '../../fixtures/job-spec.js';
import { eventually } from '../../fixtures/child-process.js';

const STAND_IN = fileURLToPath(new URL('../../stand-ins/gpu-runner.mjs', import.meta.url));

test.runIf(process.platform === 'linux')(
  'ranks by hand do the steps of those that they are copies of, in a home of their own',
  async () => {
    const box = new Sandbox();
    onTestFinished(() => box.close());
    const work = join(box.home, 'nodes', 'n', 'work');
    mkdirSync(work, { recursive: true });
    const spec = trainJob({ steps: 3 });
    if (spec.plan.command !== 'train') throw new Error('the fixture does not train');
    const folder = new JobFolder(work, spec.jobId);
    await folder.writeSpec(spec);
    const { model, train_rows, validation_rows } = spec.plan;
    mkdirSync(join(work, model.path), { recursive: true });
    for (const path of [train_rows, validation_rows ?? train_rows]) {
      mkdirSync(join(work, path, '..'), { recursive: true });
      writeFileSync(join(work, path), '{}\n');
    }
    // Slow enough to be looked at while they run.
    writeFileSync(join(work, 'stand-in.json'), JSON.stringify({ stepMs: 500 }));
    const port = String(await freePort(0, '127.0.0.1'));
    const children = [0, 1].map((rank) => {
      const args = ['-m', 'gpu_runner', 'train', '--plan', folder.planPath(), '--events', folder.eventsPath(rank)];
      const place = { RANK: String(rank), WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: port };
      const env = { PATH: process.env['PATH'], FORMWORK_HOME: box.home, ...place };
      return spawn(process.execPath, [STAND_IN, ...args], { cwd: work, env, stdio: 'ignore' });
    });
    const ended = Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))));
    const running = await eventually('both ranks', () => {
      const found = box.processes().filter(isRank(null, null));
      return Promise.resolve(found.length === 2 && found);
    });
    const hand = RanksByHand.copy(box.home, running);
    onTestFinished(() => hand.close());
    expect(await ended).toEqual([0, 0]);
    const [events = ''] = await hand.train(box.home);
    expect(events.startsWith(box.home)).toBe(false);
    const losses = (path: string): unknown[] =>
      readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { kind: string; loss_hex?: string })
        .filter(({ kind }) => kind === 'step')
        .map(({ loss_hex }) => loss_hex);
    expect(losses(events)).toHaveLength(3);
    expect(losses(events)).toEqual(losses(join(work, folder.eventsPath(0))));
  },
);
