import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isAlive, killIfThere, type ProcessIdentity } from '../../../src/platform/process/process-identity.js';
import { startDetached } from '../../../src/platform/process/start-detached.js';
import { Answering, eventually } from '../../fixtures/child-process.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

describe('a detached process', () => {
  test('outlives its starter, leads a session and a group of its own, and appends both streams to its log', async () => {
    const log = join(temporaryFolder(), 'sleep.log');
    writeFileSync(log, 'before\n');
    const starter = await Answering.start('detach.ts', log);
    const started = JSON.parse(starter.first) as ProcessIdentity;
    onTestFinished(() => void killIfThere(started.pid, 'SIGKILL'));
    await eventually('the end of the starter', () => Promise.resolve(starter.child.exitCode !== null));
    expect(await isAlive(started)).toBe(true);
    const [group, session] = execFileSync('ps', ['-o', 'pgid=,sid=', '-p', String(started.pid)])
      .toString()
      .trim()
      .split(/\s+/);
    expect([group, session]).toEqual([String(started.pid), String(started.pid)]);
    expect(readFileSync(log, 'utf8').split('\n').sort()).toEqual(['', 'before', 'err', 'out']);
  });

  test('makes the folder of its log', async () => {
    const log = join(temporaryFolder(), 'deep', 'down', 'log');
    await startDetached({ command: 'echo', args: ['said'], cwd: '/', env: process.env, log });
    await eventually('the line', () => Promise.resolve(readFileSync(log, 'utf8') === 'said\n'));
  });

  test('that has ended at once matches nothing that runs', async () => {
    const log = join(temporaryFolder(), 'log');
    const started = await startDetached({ command: 'true', args: [], cwd: '/', env: process.env, log });
    await eventually('its end', async () => !(await isAlive(started)));
  });

  test('of a program that is not there is an error', async () => {
    const log = join(temporaryFolder(), 'log');
    await expect(startDetached({ command: '/no/such/program', args: [], cwd: '/', env: {}, log })).rejects.toThrow(/ENOENT/);
  });
});
