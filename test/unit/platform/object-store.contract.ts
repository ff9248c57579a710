import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/platform/object-store/port.js';
import { failure } from '../../fixtures/failure.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * What any object store has to keep, whatever it is made of.
 * @param open an empty store; `folder` is one of the test that runs.
 */
export function objectStoreContract(open: (folder: string) => ObjectStore): void {
  const store = (): ObjectStore => open(join(temporaryFolder(), 'store'));
  const text = async (from: ObjectStore, key: string): Promise<string | undefined> => (await from.get(key))?.toString('utf8');

  describe('an object', () => {
    test('that is not there is null', async () => {
      expect(await store().get('a/b')).toBeNull();
    });

    test('is what was put last', async () => {
      const one = store();
      await one.put('a/b.json', 'first');
      await one.put('a/b.json', 'second');
      expect(await text(one, 'a/b.json')).toBe('second');
    });

    test('keeps bytes as they are', async () => {
      const one = store();
      const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
      await one.put('bytes', bytes);
      expect(await one.get('bytes')).toEqual(Buffer.from(bytes));
    });

    test('may be empty, and is there all the same', async () => {
      const one = store();
      await one.put('empty', '');
      expect(await one.get('empty')).toHaveLength(0);
      expect(await one.list('')).toMatchObject([{ key: 'empty', bytes: 0 }]);
    });

    test('is gone once deleted, and may be deleted again', async () => {
      const one = store();
      await one.put('a/b', 'x');
      await one.delete('a/b');
      await one.delete('a/b');
      await one.delete('never/there');
      expect(await one.get('a/b')).toBeNull();
      expect(await one.list('')).toEqual([]);
    });

    test('is dated by its last write', async () => {
      const one = store();
      const before = Date.now();
      await one.put('a/b', 'x');
      const [first] = await one.list('a/');
      // File systems keep times to the millisecond at least, and may be one behind.
      expect(Date.parse(first?.modifiedAt ?? '')).toBeGreaterThanOrEqual(before - 20);
      expect(Date.parse(first?.modifiedAt ?? '')).toBeLessThanOrEqual(Date.now() + 20);
      expect(await one.list('a/')).toEqual([first]);
    });

    test('is written and listed whatever is deleted beside it', async () => {
      const one = store();
      await one.put('kept/a', 'x');
      const write = async (n: number): Promise<void> => {
        await one.put(`folder/${n}/deep/a`, 'x');
        await one.delete(`folder/${n}/deep/a`);
      };
      const look = async (): Promise<void> => expect((await one.list('')).map(({ key }) => key)).toContain('kept/a');
      // The same few folders come and go again and again.
      await Promise.all(Array.from({ length: 200 }, (_, n) => (n % 4 === 0 ? look() : write(n % 3))));
      expect((await one.list('')).map(({ key }) => key)).toEqual(['kept/a']);
    });

    test('is not what is but the beginning of other keys', async () => {
      const one = store();
      await one.put('a/b/c', 'x');
      expect(await one.get('a/b')).toBeNull();
      await one.delete('a/b');
      expect(await text(one, 'a/b/c')).toBe('x');
      await expect(one.getFile('a/b', join(temporaryFolder(), 'copy'))).rejects.toEqual(failure('CheckpointIncomplete', /a\/b/));
    });

    test('read while it is replaced is the old or the new one, whole', async () => {
      const one = store();
      const contents = ['a'.repeat(200_000), 'b'.repeat(200_000)];
      await one.put('k', contents[0] ?? '');
      const writing = Promise.all(Array.from({ length: 10 }, (_, turn) => one.put('k', contents[turn % 2] ?? '')));
      const read = await Promise.all(Array.from({ length: 30 }, () => text(one, 'k')));
      await writing;
      for (const found of read) expect(contents).toContain(found);
    });
  });

  describe('put if absent', () => {
    test('writes what is not there, and leaves what is', async () => {
      const one = store();
      expect(await one.putIfAbsent('owners/1', 'first')).toBe(true);
      expect(await one.putIfAbsent('owners/1', 'second')).toBe(false);
      expect(await text(one, 'owners/1')).toBe('first');
    });

    test('lets exactly one of 20 at once through, and keeps its content', async () => {
      const one = store();
      for (let round = 0; round < 5; round += 1) {
        const key = `race/${round}`;
        const won = await Promise.all(Array.from({ length: 20 }, (_, caller) => one.putIfAbsent(key, `caller ${caller}`)));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await text(one, key)).toBe(`caller ${won.indexOf(true)}`);
      }
    });

    test('lets a deleted key be written again', async () => {
      const one = store();
      await one.putIfAbsent('k', 'first');
      await one.delete('k');
      expect(await one.putIfAbsent('k', 'second')).toBe(true);
    });
  });

  describe('a list', () => {
    test('has every key under the prefix with its size, sorted', async () => {
      const one = store();
      for (const key of ['b/2', 'a/10', 'a/9', 'a/1/x', 'ab']) await one.put(key, key);
      expect(await one.list('a/')).toMatchObject([
        { key: 'a/1/x', bytes: 5 },
        { key: 'a/10', bytes: 4 },
        { key: 'a/9', bytes: 3 },
      ]);
    });

    test('of a prefix that ends in the middle of a name has what begins so', async () => {
      const one = store();
      for (const key of ['runs/a/1', 'runs/ab/1', 'runs/b/1']) await one.put(key, 'x');
      expect((await one.list('runs/a')).map(({ key }) => key)).toEqual(['runs/a/1', 'runs/ab/1']);
    });

    test('of everything, and of nothing', async () => {
      const one = store();
      expect(await one.list('')).toEqual([]);
      await one.put('a', 'x');
      expect(await one.list('')).toHaveLength(1);
      expect(await one.list('b/')).toEqual([]);
      expect(await one.list('a/')).toEqual([]);
    });

    test('has every key that was put, whatever it is called', async () => {
      const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9._:=-]{0,20}$/);
      const folder = temporaryFolder();
      let number = 0;
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), async (names) => {
          const one = open(join(folder, String((number += 1))));
          // One name each below a folder of its own: a file store cannot hold both a and a/b.
          const keys = names.map((part, index) => `${index}/${part}`).sort();
          for (const key of keys) await one.put(key, key);
          expect((await one.list('')).map(({ key }) => key)).toEqual(keys);
        }),
        { numRuns: 30, examples: [[['weights.tmp', 'x.partial', '.partial-not'.slice(1)]]] },
      );
    });
  });

  describe('a file', () => {
    test('goes in and comes out with size and hash', async () => {
      const one = store();
      const folder = temporaryFolder();
      const content = 'shard '.repeat(100_000);
      writeFileSync(join(folder, 'in'), content);
      const expected = { bytes: content.length, sha256: sha256(content) };
      expect(await one.putFile('a/shard', join(folder, 'in'))).toEqual(expected);
      expect(await one.getFile('a/shard', join(folder, 'deep', 'out'))).toEqual(expected);
      expect(readFileSync(join(folder, 'deep', 'out'), 'utf8')).toBe(content);
    });

    test('replaces an object', async () => {
      const one = store();
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'in'), 'new');
      await one.put('k', 'old and longer');
      await one.putFile('k', join(folder, 'in'));
      expect(await text(one, 'k')).toBe('new');
    });

    test('that is not in the store is a checkpoint that is not whole, and leaves nothing behind', async () => {
      const folder = temporaryFolder();
      await expect(store().getFile('a/b', join(folder, 'out'))).rejects.toEqual(failure('CheckpointIncomplete', /no object a\/b/));
      expect(await readdir(folder)).toEqual([]);
    });

    test('is not put, and nothing is left, when the caller gives up', async () => {
      const one = store();
      const folder = temporaryFolder();
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'in'), 'x'.repeat(1000));
      const signal = AbortSignal.abort(new Error('given up'));
      await expect(one.putFile('a', join(folder, 'in'), signal)).rejects.toThrow();
      expect(await one.list('')).toEqual([]);
    });
  });
}
