import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunReport } from '../../src/contract/report.js';
import { RunRecovery, RunResult } from '../../src/contract/run.js';
import { RECOVERY_ID, runWorkflowId } from '../../src/domain/names.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { ControlFolder } from '../../src/platform/control/control-folder.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { eventually } from '../fixtures/child-process.js';
import { isEntry, isRank, isServer, Sandbox, type FormworkProcess } from './sandbox.js';
import { shortRequest } from './short-request.js';
import { storedSteps, TrainingWatch } from './training-watch.js';

const RUN_KEY = 'again';
/** Steps for some commands, one after the other, while ranks train: about 300. */
const EPOCHS = 9;
/** The least that a request can ask for, a look of the schedule, and a busy machine. */
const RECOVERED_MS = 240_000;

describe('a run whose executions end before it is done', () => {
  const box = new Sandbox();
  const watch = new TrainingWatch(box.home, RUN_KEY);
  const store = new FileStore(join(box.home, 'store'));
  const ranks = (trajectory: number): string =>
    box
      .processes()
      .filter(isRank(`round-0-t${trajectory}`, null))
      .map(({ pid }) => pid)
      .sort()
      .join();
  const resume = (...options: string[]): FormworkProcess => box.formwork(['resume', RUN_KEY, ...options]);
  const datasets = (): number[] =>
    readdirSync(join(box.home, 'store', 'datasets')).map((id) => statSync(join(box.home, 'store', 'datasets', id)).mtimeMs);
  let prepared: number[];
  /** Checkpoints of each trajectory that counted when the next one began. */
  const counted: number[][] = [];

  beforeAll(async () => {
    const up = box.formwork(['up']);
    expect(await up.ended, up.stderr).toBe(EXIT.ok);
    const short = shortRequest(join(box.root, 'data'));
    const request = {
      ...short,
      training: { ...short.training, epochs: EPOCHS },
      recovery: { waitMinutes: 1, afterTerminate: true },
      runKey: RUN_KEY,
    };
    writeFileSync(join(box.root, 'request.json'), JSON.stringify(request));
    expect(await box.formwork(['run', 'request.json', '--detach']).ended).toBe(EXIT.ok);
    await watch.reached(0, 21);
    prepared = datasets();
  });
  afterAll(() => box.close());

  it('is started again by the schedule after Terminate, where it says so, and trains on from its checkpoint', async () => {
    const server = (await new ControlFolder(join(box.home, 'control')).running())?.server;
    const client = new Client({ connection: await Connection.connect({ address: server?.address ?? '' }) });
    try {
      const run = client.workflow.getHandle(runWorkflowId(RUN_KEY));
      await run.terminate('by hand');
      const status = box.formwork(['status', RUN_KEY]);
      expect(await status.ended).toBe(EXIT.interrupted);
      expect(status.stdout).toMatch(/^recovery +started again by itself at /m);
      await eventually(
        'a start without a person',
        async () => {
          counted[0] = watch.checkpoints(0);
          await client.schedule.getHandle(RECOVERY_ID).trigger();
          await delay(2000);
          return (await run.describe()).status.name === 'RUNNING';
        },
        RECOVERED_MS,
      );
    } finally {
      await client.connection.close();
    }
    await watch.reached(1, 31);
    const record = await store.get(runKeys.recovery(RUN_KEY, 1));
    expect(RunRecovery.parse(JSON.parse(String(record)))).toMatchObject({ number: 1, after: 1, reason: 'terminated' });
    const status = box.formwork(['status', RUN_KEY]);
    expect(await status.ended).toBe(EXIT.ok);
    expect(status.stdout).toMatch(/^recovered +start 1 without a person at .*, after terminated/m);
  });

  it('is not taken over while its machines are there, though its server and its database are gone, and they train on', async () => {
    const before = ranks(1);
    expect(before).not.toBe('');
    for (const isIt of [isEntry('control-host'), isEntry('control'), isServer])
      for (const { pid } of box.processes().filter(isIt)) process.kill(pid, 'SIGKILL');
    await eventually('the end of the server', async () => !box.processes().some(isServer));
    rmSync(join(box.home, 'server'), { recursive: true });
    const refused = resume('--take-over');
    expect(await refused.ended).toBe(EXIT.badInput);
    expect(refused.stderr).toMatch(/run again still has machines .* They end themselves at 2\d{3}-/);
    expect(ranks(1)).toBe(before);
    // They would go on with a control plane that comes back: ended only by who says so.
    const down = box.formwork(['down']);
    expect(await down.ended).toBe(EXIT.failed);
    expect(down.stdout).toContain('the control host is gone and left nodes (run-again-lease-2-1-0-g1, ');
    expect(ranks(1)).toBe(before);
    expect(await box.formwork(['down', '--now']).ended).toBe(EXIT.ok);
    expect(box.processes()).toEqual([]);
    counted[1] = watch.checkpoints(1);
  });

  it('is gone on with on another server by who says so, and completes', async () => {
    const unasked = resume();
    expect(await unasked.ended).toBe(EXIT.badInput);
    expect(unasked.stderr).toMatch(/another Temporal server, or to a database that is gone.*--take-over/s);
    const other = resume('--take-over', '--set', 'training.epochs=4');
    expect(await other.ended).toBe(EXIT.badInput);
    expect(other.stderr).toContain('cannot go on with another training.epochs');

    const taken = resume('--take-over', '--set', 'deadlineMinutes=100', '--json');
    expect(await taken.ended, taken.stderr).toBe(EXIT.ok);
    expect(RunResult.parse(JSON.parse(taken.stdout))).toMatchObject({ outcome: 'completed', chosenEpoch: EPOCHS });
    const again = resume();
    expect(await again.ended).toBe(EXIT.badInput);
    expect(again.stderr).toContain(`run ${RUN_KEY} is completed`);
  });

  it('has prepared its rows once, and trained no step twice but those after a checkpoint', () => {
    expect(datasets()).toEqual(prepared);
    const trajectories = watch.trajectories();
    expect(trajectories.map(({ fence }) => fence)).toEqual([1, 2, 3]);
    // How many steps are lost is how long an upload takes here; that none before the newest checkpoint is, is ours.
    expect(trajectories.slice(1).map(({ forkedFrom }) => forkedFrom)).toEqual(
      counted.map((steps, trajectory) => ({ trajectory, step: Math.max(...steps) })),
    );
    const firstSteps = trajectories.map(
      ({ trajectory }) => storedSteps(box.home, RUN_KEY).find((one) => one.trajectory === trajectory)?.step,
    );
    expect(firstSteps).toEqual([1, ...counted.map((steps) => Math.max(...steps) + 1)]);
    const report = readFileSync(join(box.home, 'store', runKeys.report(RUN_KEY), 'report.json'), 'utf8');
    expect(RunReport.parse(JSON.parse(report)).story).toMatchObject([
      { fence: 1, what: 'started' },
      { fence: 2, what: 'started again without a person, start 1, after terminated' },
      { fence: 3, what: 'started again, taken over from a server that somebody said is lost' },
    ]);
    expect(box.processes()).toEqual([]);
  });
});
