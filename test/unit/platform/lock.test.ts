import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockHolder, takeLock } from '../../../src/platform/lock.js';
import { ownIdentity } from '../../../src/platform/process/process-identity.js';
import { Answering, eventually, startSleeper } from '../../fixtures/child-process.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

const lockPath = (): string => join(temporaryFolder(), 'lock');

/** A lock file as it was left by a process that no longer runs; `number` tells several of them apart. */
function leaveStaleLock(path: string, number = 1): void {
  writeFileSync(path, JSON.stringify({ pid: process.pid, startTime: `long ago ${number}` }));
}

async function take(path: string): Promise<() => Promise<void>> {
  const lock = await takeLock(path);
  if ('heldBy' in lock) throw new Error(`the lock is held by ${lock.heldBy.pid}`);
  return lock.release;
}

describe('a lock', () => {
  test('is taken once, and the next one is told by whom', async () => {
    const path = lockPath();
    const release = await take(path);
    expect(await takeLock(path)).toEqual({ heldBy: await ownIdentity() });
    expect(await lockHolder(path)).toEqual(await ownIdentity());
    await release();
    expect(await lockHolder(path)).toBeNull();
    await take(path);
  });

  test('of a process that no longer runs is taken over', async () => {
    const path = lockPath();
    leaveStaleLock(path);
    expect(await lockHolder(path)).toBeNull();
    await take(path);
    expect(await lockHolder(path)).toEqual(await ownIdentity());
  });

  test('of a process that was killed is taken over', async () => {
    const path = lockPath();
    const contender = await Answering.start('lock-contender.ts', path);
    expect(await contender.ask('take')).toBe('taken');
    expect(await takeLock(path)).toMatchObject({ heldBy: { pid: contender.child.pid } });
    contender.child.kill('SIGKILL');
    await eventually('the end of the holder', async () => (await lockHolder(path)) === null);
    await take(path);
  });

  test('of a number that another process has got since is taken over', async () => {
    const path = lockPath();
    const { identity } = await startSleeper();
    writeFileSync(path, JSON.stringify({ pid: identity.pid, startTime: 'before it' }));
    await take(path);
  });

  test('is taken over although whoever was about to do so was killed', async () => {
    const path = lockPath();
    leaveStaleLock(path);
    writeFileSync(`${path}.${process.pid}-long-ago-1`, JSON.stringify({ pid: process.pid, startTime: 'a moment ago' }));
    await take(path);
  });

  test('leaves no other files behind', async () => {
    const path = lockPath();
    leaveStaleLock(path);
    const release = await take(path);
    await takeLock(path);
    expect(readdirSync(dirname(path))).toEqual(['lock']);
    await release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('has exactly one holder of 10 processes that want it at once, over a stale one or over none', async () => {
    const path = lockPath();
    const contenders = await Promise.all(Array.from({ length: 10 }, () => Answering.start('lock-contender.ts', path)));
    for (let round = 0; round < 30; round += 1) {
      if (round % 3 !== 0) leaveStaleLock(path, round);
      const answers = await Promise.all(contenders.map((contender) => contender.ask('take')));
      const holder = contenders[answers.indexOf('taken')];
      const told = `held by ${holder?.child.pid ?? 'nobody'}`;
      expect(answers.toSorted()).toEqual([...Array.from({ length: 9 }, () => told), 'taken']);
      await holder?.ask('release');
    }
  });
});
