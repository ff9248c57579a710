import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ControlFolder, type ControlRecord } from '../../../src/platform/control/control-folder.js';
import { ownIdentity } from '../../../src/platform/process/process-identity.js';
import { startSleeper } from '../../fixtures/child-process.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

const record = (host: ControlRecord['host']): ControlRecord => ({
  host,
  server: { address: '127.0.0.1:7233', namespace: 'default', embedded: null, uiUrl: null },
  startedAt: '2026-11-22T20:00:00.000Z',
});
const open = (): ControlFolder => {
  const root = join(temporaryFolder(), 'control');
  mkdirSync(root);
  return new ControlFolder(root);
};

describe('the host of a home', () => {
  test('runs when its record names a process that does', async () => {
    const folder = open();
    expect(await folder.running()).toBeNull();
    const running = record(await ownIdentity());
    await folder.writeRecord(running);
    expect(await folder.running()).toEqual(running);
  });

  test('does not run when its record is left from a process that has ended', async () => {
    const folder = open();
    await folder.writeRecord(record({ pid: process.pid, startTime: 'before' }));
    expect(await folder.running()).toBeNull();
  });

  test('is gone with its record, and removing it twice is no error', async () => {
    const folder = open();
    await folder.writeRecord(record(await ownIdentity()));
    await folder.removeRecord();
    await folder.removeRecord();
    expect(await folder.running()).toBeNull();
  });

  test('leaves word of why it did not come up, until the next try', async () => {
    const folder = open();
    const failure = { kind: 'EnvironmentNotReady', message: 'no Temporal server is installed' } as const;
    await folder.writeFailure(failure);
    expect(await folder.failure()).toEqual(failure);
    await folder.clearFailure();
    expect(await folder.failure()).toBeNull();
  });
});

describe('holders', () => {
  test('are none at first', async () => {
    expect(await open().holders()).toEqual([]);
  });

  test('are the processes that need the host, each once', async () => {
    const folder = open();
    await folder.hold({ forever: false });
    await folder.hold({ forever: false });
    expect(await folder.holders()).toEqual([await ownIdentity()]);
    await folder.letGo();
    expect(await folder.holders()).toEqual([]);
  });

  test('that have ended hold no more', async () => {
    const folder = open();
    const { identity, child } = await startSleeper();
    mkdirSync(join(folder.root, 'holders'));
    writeFileSync(join(folder.root, 'holders', `${identity.pid}.json`), JSON.stringify({ process: identity }));
    expect(await folder.holders()).toEqual([identity]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(await folder.holders()).toEqual([]);
  });

  test('for ever stay until all are let go', async () => {
    const folder = open();
    await folder.hold({ forever: true });
    await folder.letGo();
    expect(await folder.holders()).toEqual([null]);
    await folder.letAllGo();
    expect(await folder.holders()).toEqual([]);
  });

  test('for ever may be taken back by whoever asked for it in vain', async () => {
    const folder = open();
    await folder.hold({ forever: true });
    await folder.letGo({ forever: true });
    expect(await folder.holders()).toEqual([]);
  });

  test('that cannot be read are an error: none would take the host down', async () => {
    const folder = open();
    mkdirSync(join(folder.root, 'holders', '4711.json'), { recursive: true });
    await expect(folder.holders()).rejects.toThrow(/EISDIR/);
  });
});
