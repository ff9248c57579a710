import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createAtomically,
  isDraft,
  makeFolder,
  readIfThere,
  readJson,
  writeAtomically,
  writeJson,
} from '../../../src/platform/files.js';
import { makeReadOnly, smallDisk } from '../../fixtures/small-disk.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

describe('a folder', () => {
  test('is made with those above it, and may be there already', async () => {
    const folder = join(temporaryFolder(), 'a', 'b', 'c');
    await Promise.all([makeFolder(folder), makeFolder(folder)]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that cannot be made on a read-only file system says so', async ({ skip }) => {
    const disk = smallDisk(1) ?? skip();
    makeReadOnly(disk);
    await expect(makeFolder(join(disk, 'a', 'b'))).rejects.toMatchObject({ code: 'EROFS' });
  });

  test('below a file cannot be made', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(makeFolder(join(file, 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('a file written atomically', () => {
  test('is never seen in part by readers beside the writing', async () => {
    const path = join(temporaryFolder(), 'file');
    const contents = ['a'.repeat(300_000), 'b'.repeat(300_000)];
    writeFileSync(path, contents[0] ?? '');
    let reads = 0;
    const writer = (async () => {
      for (let turn = 0; turn < 20; turn += 1) await writeAtomically(path, contents[turn % 2] ?? '');
    })();
    const isOver = Symbol('over');
    while ((await Promise.race([writer.then(() => isOver), readIfThere(path)])) !== isOver) {
      expect(contents).toContain(await readIfThere(path));
      reads += 1;
    }
    await writer;
    expect(reads).toBeGreaterThan(3);
    expect(readdirSync(join(path, '..'))).toEqual(['file']);
  });

  test('stays as it was when there is no space for the new one, and leaves no draft', async ({ skip }) => {
    const disk = smallDisk(1) ?? skip();
    await writeAtomically(join(disk, 'file'), 'old');
    await expect(writeAtomically(join(disk, 'file'), 'y'.repeat(2_000_000))).rejects.toThrow(/ENOSPC/);
    expect(readFileSync(join(disk, 'file'), 'utf8')).toBe('old');
    expect(readdirSync(disk)).toEqual(['file']);
  });

  test('needs its folder', async () => {
    await expect(writeAtomically(join(temporaryFolder(), 'no', 'file'), 'x')).rejects.toThrow(/ENOENT/);
  });
});

describe('a file created atomically', () => {
  test('is the one of exactly one of 20 callers', async () => {
    const path = join(temporaryFolder(), 'file');
    const won = await Promise.all(Array.from({ length: 20 }, (_, caller) => createAtomically(path, String(caller))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(readFileSync(path, 'utf8')).toBe(String(won.indexOf(true)));
    expect(readdirSync(join(path, '..'))).toEqual(['file']);
  });

  test('says why it could not be, unless it is there already', async () => {
    await expect(createAtomically(join(temporaryFolder(), 'no', 'file'), 'x')).rejects.toThrow(/ENOENT/);
  });
});

test('only a name of ours is a draft', () => {
  expect(isDraft('a/.0b5e1a34-5f36-4a10-9d4e-0c6c7a1c2f11.tmp')).toBe(true);
  for (const path of ['a/weights.tmp', '.tmp', 'a/.hidden', 'a/0b5e1a34-5f36-4a10-9d4e-0c6c7a1c2f11.tmp'])
    expect(isDraft(path)).toBe(false);
});

describe('a JSON file', () => {
  const Schema = z.object({ a: z.number() });

  test('comes back as it was written', async () => {
    const path = join(temporaryFolder(), 'file');
    await writeJson(path, { a: 1 });
    expect(await readJson(path, Schema)).toEqual({ a: 1 });
  });

  test('that is not there is null, also below what is a file', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '{}');
    expect(await readJson(join(folder, 'none'), Schema)).toBeNull();
    expect(await readJson(join(folder, 'file', 'none'), Schema)).toBeNull();
  });

  test('of another form is refused, not guessed at', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '{"a": "1"}');
    await expect(readJson(path, Schema)).rejects.toThrow(/expected number/);
    writeFileSync(path, '{"a": ');
    await expect(readJson(path, Schema)).rejects.toThrow(/JSON/);
  });

  test('that is a folder is an error, not absent', async () => {
    const folder = join(temporaryFolder(), 'folder');
    mkdirSync(folder);
    await expect(readIfThere(folder)).rejects.toThrow(/EISDIR/);
    expect(existsSync(folder)).toBe(true);
  });
});
