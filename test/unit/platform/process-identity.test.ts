import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  identifyProcess,
  isAlive,
  killGroup,
  killIfThere,
  ownIdentity,
  sendSignal,
} from '../../../src/platform/process/process-identity.js';
import { eventually, identityOf, startChild, startSleeper } from '../../fixtures/child-process.js';

/** Larger than any number that the kernel gives. */
const NO_PID = 2 ** 30;
const isOnLinux = process.platform === 'linux';
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

describe('a process', () => {
  test('is recognised by number and start time', async () => {
    const { identity } = await startSleeper();
    expect(await isAlive(identity)).toBe(true);
    expect(await identifyProcess(identity.pid)).toEqual(identity);
  });

  test('that has got the number of another one is not that one', async () => {
    const { identity } = await startSleeper();
    expect(await isAlive({ ...identity, startTime: 'before' })).toBe(false);
  });

  test('that never ran is gone', async () => {
    expect(await identifyProcess(NO_PID)).toBeNull();
    expect(await isAlive({ pid: process.pid, startTime: '' })).toBe(false);
  });

  test('sees itself', async () => {
    expect(await ownIdentity()).toEqual(await identifyProcess(process.pid));
  });

  test.runIf(isOnLinux)('that is a zombie counts as gone', async () => {
    // What the shell becomes never asks for the end of the child that it has.
    const parent = startChild('sh', ['-c', 'sleep 0.2 & exec sleep 600']);
    const [zombie] = await eventually('the child', () =>
      Promise.resolve(parent.pid !== undefined && hasOne(childrenOf(parent.pid))),
    );
    const identity = await identityOf(zombie);
    await eventually('the end of the child', async () => !(await isAlive(identity)));
    expect(readFileSync(`/proc/${identity.pid}/stat`, 'utf8')).toMatch(/\) Z /);
  });

  test.runIf(isOnLinux)('is recognised whatever its name holds', async () => {
    const child = startChild(process.execPath, [
      '-e',
      "process.title = 'a) Z 1 (b'; console.log('named'); setInterval(() => 0, 1000)",
    ]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    expect(readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8')).toContain('a) Z 1 (b');
    expect(await isAlive(await identityOf(child.pid))).toBe(true);
  });
});

describe('a signal', () => {
  test('reaches the process, once', async () => {
    const { identity, child } = await startSleeper();
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    expect(await sendSignal(identity, 'SIGTERM')).toBe(true);
    expect(await ended).toBe('SIGTERM');
    expect(await sendSignal(identity, 'SIGTERM')).toBe(false);
  });

  test('to a process that is gone never reaches the one that has its number now', async () => {
    const { identity } = await startSleeper();
    expect(await sendSignal({ ...identity, startTime: 'before' }, 'SIGKILL')).toBe(false);
    expect(await isAlive(identity)).toBe(true);
  });

  test('to nobody is no error', () => {
    expect(killIfThere(NO_PID, 'SIGKILL')).toBe(false);
  });

  test('that may not be sent is an error', () => {
    expect(() => killIfThere(process.pid, 'SIGNONE' as NodeJS.Signals)).toThrow(/SIGNONE/);
  });
});

describe.runIf(isOnLinux)('a process group', () => {
  const group = async (): Promise<{
    leader: Awaited<ReturnType<typeof identityOf>>;
    members: Awaited<ReturnType<typeof identityOf>>[];
  }> => {
    const shell = startChild('sh', ['-c', 'sleep 600 & sleep 600 & wait']);
    const leader = await identityOf(shell.pid);
    const pids = await eventually('two children', () =>
      Promise.resolve(childrenOf(leader.pid).length === 2 && childrenOf(leader.pid)),
    );
    return { leader, members: await Promise.all(pids.map(identityOf)) };
  };

  test('is killed with its leader, and no other group is', async () => {
    const [{ leader, members }, other] = await Promise.all([group(), startSleeper()]);
    await killGroup(leader);
    await eventually('the end of the group', async () =>
      (await Promise.all([leader, ...members].map(isAlive))).every((alive) => !alive),
    );
    expect(await isAlive(other.identity)).toBe(true);
  });

  test('is killed also after its leader has ended', async () => {
    const { leader, members } = await group();
    killIfThere(leader.pid, 'SIGKILL');
    await eventually('the end of the leader', async () => !(await isAlive(leader)));
    expect(await Promise.all(members.map(isAlive))).toEqual([true, true]);
    await killGroup(leader);
    await eventually('the end of the members', async () => (await Promise.all(members.map(isAlive))).every((alive) => !alive));
  });

  test('of a number that is in other hands now is left alone', async () => {
    const { leader, members } = await group();
    await killGroup({ ...leader, startTime: 'before' });
    expect(await Promise.all([leader, ...members].map(isAlive))).toEqual([true, true, true]);
  });
});

function hasOne(pids: number[]): number[] | null {
  return pids.length === 1 ? pids : null;
}
