import { mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ControlFolder, type ControlRecord } from '../../../../src/platform/control/control-folder.js';
import type { FaultGround } from '../../../../src/platform/faults/fault-ground.js';
import { killControlWorker, killServer, stopServer } from '../../../../src/platform/faults/strike-control.js';
import { isAlive, ownIdentity, processState, type ProcessIdentity } from '../../../../src/platform/process/process-identity.js';
import { eventually, startSleeper } from '../../../fixtures/child-process.js';
import { faultGround } from '../../../fixtures/fault-ground.js';
import { failure } from '../../../fixtures/failure.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

const TIMEOUT_MS = 60_000;

/** A home whose control host is this process; null: its server is not one of formwork. */
async function hosted(server: ProcessIdentity | null, overrides: Partial<FaultGround> = {}): Promise<FaultGround> {
  const ground = faultGround(temporaryFolder(), overrides);
  const folder = new ControlFolder(ground.home.control());
  mkdirSync(folder.root);
  const embedded: ControlRecord['server']['embedded'] = server === null ? null : { process: server, port: 7233, uiPort: 8233 };
  await folder.writeRecord({
    host: await ownIdentity(),
    server: { address: '127.0.0.1:7233', namespace: 'default', embedded, uiUrl: null },
    startedAt: new Date().toISOString(),
  });
  return ground;
}
const isStopped = async ({ pid }: ProcessIdentity): Promise<boolean> => (await processState(pid)) === 'T';

describe.runIf(process.platform === 'linux')('of the control plane', () => {
  test('the server is killed that its host has recorded', async () => {
    const { identity } = await startSleeper();
    const { what } = await killServer(await hosted(identity));
    expect(what).toBe(`SIGKILL to the server, process ${identity.pid}`);
    await eventually('its end', async () => !(await isAlive(identity)));
  });

  test('the server is stopped for its time, and goes on by itself', { timeout: TIMEOUT_MS }, async () => {
    const { identity } = await startSleeper();
    const said: string[] = [];
    const { at, overAt } = await stopServer(await hosted(identity, { seconds: 1, say: (line) => void said.push(line) }));
    expect(overAt - at).toBeGreaterThan(500);
    expect(said[0]).toContain(`kill -CONT ${identity.pid}`);
    expect(await isStopped(identity)).toBe(false);
    expect(await isAlive(identity)).toBe(true);
  });

  test('the server goes on as soon as the outage is called off', { timeout: TIMEOUT_MS }, async () => {
    const { identity } = await startSleeper();
    const calledOff = new AbortController();
    let begun: () => void = () => undefined;
    const told = new Promise<void>((resolve) => (begun = resolve));
    const outage = stopServer(await hosted(identity, { signal: calledOff.signal, say: begun }));
    await told;
    expect(await isStopped(identity)).toBe(true);
    calledOff.abort();
    await outage;
    expect(await isStopped(identity)).toBe(false);
  });

  test('a server that formwork has not started is left alone', async () => {
    const ground = await hosted(null);
    for (const strike of [killServer, stopServer])
      await expect(strike(ground)).rejects.toEqual(failure('InvalidRequest', /not one that formwork has started/));
  });

  test('the worker is killed that is a child of its host, and no node that it has launched', async () => {
    const ground = await hosted(null);
    await expect(killControlWorker(ground)).rejects.toEqual(failure('InvalidRequest', /no control worker at this moment/));
    const marked = { ...process.env, FORMWORK_CONTROL_HOST: String(process.pid) };
    const worker = await startSleeper(marked);
    expect((await killControlWorker(ground)).what).toBe(`SIGKILL to the control worker, process ${worker.identity.pid}`);
    await eventually('its end', async () => !(await isAlive(worker.identity)));
  });
});
