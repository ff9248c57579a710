import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileStore } from '../../../src/platform/object-store/file-store.js';
import { failure } from '../../fixtures/failure.js';
import { makeReadOnly, smallDisk } from '../../fixtures/small-disk.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';
import { objectStoreContract } from './object-store.contract.js';

describe('the store in a folder', () => {
  objectStoreContract((folder) => new FileStore(folder));

  test('names itself by its absolute path', () => {
    const folder = temporaryFolder();
    expect(new FileStore(folder).uri).toBe(`file:${folder}`);
  });

  test('shows two stores on one folder the same objects', async () => {
    const folder = temporaryFolder();
    await new FileStore(folder).put('a/b', 'x');
    expect(await new FileStore(folder).list('')).toMatchObject([{ key: 'a/b', bytes: 1 }]);
  });

  test('does not list what a crash left half written', async () => {
    const folder = temporaryFolder();
    const store = new FileStore(folder);
    await store.put('a/b', 'x');
    writeFileSync(join(folder, 'a', '.0b5e1a34-5f36-4a10-9d4e-0c6c7a1c2f11.tmp'), 'half');
    mkdirSync(join(folder, '.partial'));
    writeFileSync(join(folder, '.partial', '0b5e1a34'), 'half');
    expect(await store.list('')).toMatchObject([{ key: 'a/b', bytes: 1 }]);
    expect(await store.list('a/')).toMatchObject([{ key: 'a/b', bytes: 1 }]);
  });

  test('names what a crash left half written, for whoever tidies up, and removes that alone', async () => {
    const folder = temporaryFolder();
    const store = new FileStore(folder);
    await store.put('a/b', 'x');
    const draft = 'a/.0b5e1a34-5f36-4a10-9d4e-0c6c7a1c2f11.tmp';
    writeFileSync(join(folder, draft), 'half');
    mkdirSync(join(folder, '.partial'));
    writeFileSync(join(folder, '.partial', '0b5e1a34'), 'more than half');
    expect(await store.listUnfinished()).toMatchObject([
      { key: '.partial/0b5e1a34', bytes: 14 },
      { key: draft, bytes: 4 },
    ]);
    await expect(store.deleteUnfinished('a/b')).rejects.toThrow('a/b is an object');
    for (const { key } of await store.listUnfinished()) await store.deleteUnfinished(key);
    expect(await store.listUnfinished()).toEqual([]);
    expect(await store.list('')).toMatchObject([{ key: 'a/b', bytes: 1 }]);
  });

  test('keeps no folder that holds nothing', async () => {
    const folder = temporaryFolder();
    const store = new FileStore(folder);
    for (const key of ['a/b/c/d', 'a/e']) await store.put(key, 'x');
    await store.delete('a/b/c/d');
    expect(readdirSync(join(folder, 'a'))).toEqual(['e']);
    await store.delete('a/e');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('knows how much space is left for it', async () => {
    const free = await new FileStore(join(temporaryFolder(), 'store')).freeBytes();
    expect(free).toBeGreaterThan(0);
    expect(free).toBeLessThan(1e15);
  });

  test('leaves no drafts behind', async () => {
    const folder = temporaryFolder();
    const store = new FileStore(folder);
    await store.put('a', 'x');
    await store.putIfAbsent('b', 'x');
    await store.putIfAbsent('b', 'y');
    writeFileSync(join(folder, '..', 'in'), 'x');
    await store.putFile('c', join(folder, '..', 'in'));
    await expect(store.putFile('d', join(folder, 'no-such-file'))).rejects.toThrow(/ENOENT/);
    expect(readdirSync(folder).sort()).toEqual(['.partial', 'a', 'b', 'c']);
    expect(readdirSync(join(folder, '.partial'))).toEqual([]);
  });

  test.each(['../outside', 'a/../../outside', '/etc/passwd'])('refuses the key %s, which leads out of it', async (key) => {
    await expect(new FileStore(temporaryFolder()).get(key)).rejects.toThrow(`key ${key} leads out of the store`);
  });
});

describe('a store that cannot write', () => {
  const open = (megabytes: number): { disk: string; store: FileStore } | null => {
    const disk = smallDisk(megabytes);
    return disk === null ? null : { disk, store: new FileStore(join(disk, 'store')) };
  };

  test('for want of space says DiskFull and where, and keeps what it has', async ({ skip }) => {
    const small = open(1) ?? skip();
    const { store, disk } = small;
    await store.put('kept', 'x'.repeat(1000));
    const tooMuch = 'y'.repeat(2_000_000);
    const full = failure('DiskFull', new RegExp(`no space left to write ${store.uri}.*; free space there`));
    await expect(store.put('a/large', tooMuch)).rejects.toEqual(full);
    await expect(store.putIfAbsent('a/large', tooMuch)).rejects.toEqual(full);
    const outside = join(temporaryFolder(), 'large');
    writeFileSync(outside, tooMuch);
    await expect(store.putFile('a/large', outside)).rejects.toEqual(full);
    expect(await store.list('')).toMatchObject([{ key: 'kept', bytes: 1000 }]);
    // What was begun is gone: the space is free for something smaller.
    await store.put('smaller', 'z'.repeat(500_000));
    expect(statSync(join(disk, 'store', 'smaller')).size).toBe(500_000);
  });

  test('a download for which there is no space names the file that it is for', async ({ skip }) => {
    const disk = smallDisk(1) ?? skip();
    const store = new FileStore(join(temporaryFolder(), 'store'));
    await store.put('large', 'y'.repeat(2_000_000));
    const target = join(disk, 'node', 'large');
    await expect(store.getFile('large', target)).rejects.toEqual(failure('DiskFull', new RegExp(target)));
    expect(existsSync(target)).toBe(false);
  });

  test('for want of rights says AccessDenied, and reads on', async ({ skip }) => {
    const { store, disk } = open(1) ?? skip();
    await store.put('kept', 'x');
    makeReadOnly(disk);
    const denied = failure('AccessDenied', /may not be accessed \(EROFS\); give this user the right to/);
    await expect(store.put('a', 'x')).rejects.toEqual(denied);
    await expect(store.put('new/folder/a', 'x')).rejects.toEqual(denied);
    await expect(store.putIfAbsent('a', 'x')).rejects.toEqual(denied);
    await expect(store.delete('kept')).rejects.toEqual(denied);
    expect((await store.get('kept'))?.toString()).toBe('x');
  });
});
