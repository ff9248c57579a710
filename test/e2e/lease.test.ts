import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, expect, it } from 'vitest';
import type { SweepResult } from '../../activities/cluster/sweep-nodes.js';
import { leaseWorkflowId, nodeName, roundWorkflowId, runWorkflowId, SWEEP_ID } from '../../src/domain/names.js';
import { ControlFolder } from '../../src/platform/control/control-folder.js';
import { eventually } from '../fixtures/child-process.js';
import { settledLedger } from './provider-bill.js';
import { isEntry, Sandbox, type FoundProcess } from './sandbox.js';
import { shortRequest } from './short-request.js';
import { TrainingWatch } from './training-watch.js';

const RUN_KEY = 'terminated';
const LEASE = leaseWorkflowId(RUN_KEY, 1, 1);
/** The sweep spares nodes of the first minute, and ends two of them one after the other on a busy machine. */
const SWEPT_MS = 180_000;

const box = new Sandbox();
afterAll(() => box.close());

const ofNodes = (): FoundProcess[] =>
  box.processes().filter(({ environment }) => environment['FORMWORK_NODE_FOLDER'] !== undefined);

it('nodes whose run, round and lease were terminated by hand in training are ended by the sweep, and leave no work behind', async () => {
  const up = box.formwork(['up']);
  expect(await up.ended, up.stderr).toBe(0);
  const request = shortRequest(join(box.root, 'data'));
  // Long enough to be in training still when everything else is over.
  writeFileSync(join(box.root, 'request.json'), JSON.stringify({ ...request, training: { ...request.training, epochs: 200 } }));
  const run = box.formwork(['run', 'request.json', '--set', `runKey=${RUN_KEY}`, '--detach']);
  expect(await run.ended, run.stderr).toBe(0);
  await new TrainingWatch(box.home, RUN_KEY).reached(0, 11);

  const server = (await new ControlFolder(join(box.home, 'control')).running())?.server;
  const client = new Client({ connection: await Connection.connect({ address: server?.address ?? '' }) });
  const schedule = client.schedule.getHandle(SWEEP_ID);
  try {
    // Else it might be at work before we have looked.
    await schedule.pause();
    // While nobody can carry out what they would do on their way out.
    const { pid } = await box.find('control worker', isEntry('control'));
    process.kill(pid, 'SIGSTOP');
    for (const workflowId of [runWorkflowId(RUN_KEY), roundWorkflowId(RUN_KEY, 1, '0'), LEASE]) {
      await client.workflow.getHandle(workflowId).terminate('by hand');
    }
    process.kill(pid, 'SIGCONT');
    expect(ofNodes().filter(({ command }) => command.includes('gpu_runner'))).toHaveLength(2);

    const doctor = await eventually(
      'the word of the doctor on nodes that are no longer young',
      async () => {
        const asked = box.formwork(['doctor']);
        await asked.ended;
        return /^MEND +nodes.*/m.exec(asked.stdout)?.[0];
      },
      SWEPT_MS,
    );
    expect(doctor).toContain(`its lease ${LEASE} is closed`);

    await schedule.trigger();
    await eventually('the end of all processes of the nodes', async () => ofNodes().length === 0, SWEPT_MS);
    const nodeIds = [0, 1].map((node) => nodeName(LEASE, node, 1));
    await eventually('the end of their work', async () => !nodeIds.some((id) => existsSync(join(box.home, 'nodes', id, 'work'))));
    const ended = await eventually('the word of the sweep', () => endedBySweeps(client), SWEPT_MS);
    expect(ended).toEqual(nodeIds.map((nodeId) => ({ nodeId, reason: `its lease ${LEASE} is closed` })));
    // What was paid is known though run, round and lease are gone.
    expect((await settledLedger(box, RUN_KEY)).nodes.map(({ nodeId }) => nodeId).sort()).toEqual(nodeIds);
    // Logs of ranks are in the store for good.
    const logs = box.formwork(['logs', RUN_KEY, '--rank', '0']);
    expect(await logs.ended).toBe(0);
    expect(logs.stdout).not.toBe('');
  } finally {
    await client.connection.close();
  }
  const down = box.formwork(['down']);
  expect(await down.ended, down.stderr).toBe(0);
  expect(box.processes()).toEqual([]);
});

async function endedBySweeps(client: Client): Promise<SweepResult['ended'] | null> {
  const ended: SweepResult['ended'] = [];
  for await (const { workflowId, runId } of client.workflow.list({
    query: 'WorkflowType = "clusterSweep" AND ExecutionStatus = "Completed"',
  })) {
    ended.push(...((await client.workflow.getHandle(workflowId, runId).result()) as SweepResult).ended);
  }
  return ended.length === 0 ? null : ended.sort((a, b) => a.nodeId.localeCompare(b.nodeId));
}
