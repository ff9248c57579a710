import { existsSync, readdirSync, writeFileSync } from 'node:fs';
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

  test('that was made on a file system that has become read-only is refused as well', async ({ skip }) => {
    const disk = smallDisk(1) ?? skip();
    await new Home(join(disk, 'home')).open();
    makeReadOnly(disk);
    await expect(new Home(join(disk, 'home')).open()).rejects.toEqual(
      failure('EnvironmentNotReady', /the file system is read-only; make it writable/),
    );
  });

  test('knows the free space of its disk, also before it is made', async ({ skip }) => {
    const disk = smallDisk(1) ?? skip();
    expect(await new Home(join(disk, 'not', 'yet')).freeBytes()).toBe(2 ** 20);
    writeFileSync(join(disk, 'file'), Buffer.alloc(2 ** 19));
    expect(await new Home(disk).freeBytes()).toBe(2 ** 19);
    expect(await new Home(join(disk, 'file', 'below')).freeBytes()).toBe(2 ** 19);
  });

  test('leaves nothing behind of its trial whether it can be written to', async () => {
    const home = new Home(temporaryFolder());
    await home.open();
    expect(readdirSync(home.root).sort()).toEqual(['control', 'installation.json', 'nodes', 'server', 'store', 'tools']);
  });

  test('on a full disk is DiskFull', async ({ skip }) => {
    const disk = smallDisk(1) ?? skip();
    const home = new Home(join(disk, 'home'));
    await home.open();
    writeFileSync(join(disk, 'filler'), Buffer.alloc(2 ** 20 - 4096 * 8));
    expect(() => writeFileSync(join(disk, 'rest'), Buffer.alloc(4096 * 64))).toThrow(/ENOSPC/);
    for (const one of [home, new Home(join(disk, 'other'))]) {
      await expect(one.open()).rejects.toEqual(failure('DiskFull', /the disk is full.*free space/));
    }
  });
});
