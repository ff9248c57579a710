import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Home } from '../../../src/platform/home/home.js';
import { failure } from '../../fixtures/failure.js';
import { makeReadOnly, smallDisk } from '../../fixtures/small-disk.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

describe('a home', () => {
  test('is made where it is missing, everything below one directory', async () => {
    const home = new Home(join(temporaryFolder(), 'deep', 'home'));
    await home.open();
    for (const folder of [home.store(), home.tools(), home.server(), home.control(), home.nodes()]) {
      expect(existsSync(folder)).toBe(true);
      expect(folder.startsWith(`${home.root}/`)).toBe(true);
    }
  });

  test('has one installation id for good', async () => {
    const home = new Home(join(temporaryFolder(), 'home'));
    await home.open();
    const id = await home.installation();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    await home.open();
    expect(await new Home(home.root).installation()).toBe(id);
  });

  test('has one installation id also for those who open it at once', async () => {
    const folder = temporaryFolder();
    const ids = await Promise.all(Array.from({ length: 20 }, () => new Home(folder).installation()));
    expect(new Set(ids).size).toBe(1);
  });

  test('that is a file is refused with what to do', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    await expect(new Home(path).open()).rejects.toEqual(
      failure('EnvironmentNotReady', new RegExp(`${path} cannot be written to: ENOTDIR; make it writable.*FORMWORK_HOME`)),
    );
  });

  test('on a read-only file system is refused with what to do', async ({ skip }) => {
    const disk = smallDisk(1) ?? skip();
    makeReadOnly(disk);
    await expect(new Home(join(disk, 'home')).open()).rejects.toEqual(
      failure('EnvironmentNotReady', /the file system is read-only; make it writable/),
    );
  });

  test('on a full disk is DiskFull', async ({ skip }) => {
    const disk = smallDisk(1) ?? skip();
    const home = new Home(join(disk, 'home'));
    await home.open();
    writeFileSync(join(disk, 'filler'), Buffer.alloc(2 ** 20 - 4096 * 8));
    expect(() => writeFileSync(join(disk, 'rest'), Buffer.alloc(4096 * 64))).toThrow(/ENOSPC/);
    const other = new Home(join(disk, 'other'));
    await expect(other.open()).rejects.toEqual(failure('DiskFull', /the disk is full.*free space/));
  });
});
