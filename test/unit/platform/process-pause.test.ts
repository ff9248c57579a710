import { describe, expect, test } from 'vitest';
import { entryCommand } from '../../../src/platform/package-root.js';
import { isAlive, processState, sendSignal, type ProcessIdentity } from '../../../src/platform/process/process-identity.js';
import { eventually, identityOf, startChild, startSleeper } from '../../fixtures/child-process.js';

const TIMEOUT_MS = 60_000;

async function pause(paused: ProcessIdentity, seconds: number): Promise<ProcessIdentity> {
  const [command, ...args] = entryCommand('process-pause');
  return identityOf(startChild(command, [...args, String(paused.pid), paused.startTime, String(seconds)]).pid);
}
const isStopped = async ({ pid }: ProcessIdentity): Promise<boolean> => (await processState(pid)) === 'T';

describe.runIf(process.platform === 'linux')('a pause', () => {
  test('stops a process for its time, and continues it by itself', { timeout: TIMEOUT_MS }, async () => {
    const { identity } = await startSleeper();
    const pausing = await pause(identity, 1);
    await eventually('the stop', () => isStopped(identity));
    await eventually('the end of the pause', async () => !(await isAlive(pausing)));
    expect(await isStopped(identity)).toBe(false);
  });

  test('that is asked to end continues the process at once', { timeout: TIMEOUT_MS }, async () => {
    const { identity } = await startSleeper();
    const pausing = await pause(identity, 600);
    await eventually('the stop', () => isStopped(identity));
    await sendSignal(pausing, 'SIGTERM');
    await eventually('the end of the stop', async () => !(await isStopped(identity)));
  });

  test('leaves a process alone that has only the number of the one that was meant', { timeout: TIMEOUT_MS }, async () => {
    const { identity } = await startSleeper();
    const pausing = await pause({ ...identity, startTime: '1' }, 600);
    await eventually('the end of the pause', async () => !(await isAlive(pausing)));
    expect(await isStopped(identity)).toBe(false);
  });
});
