import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readRecord, readRecords, readRequiredRecord, toJson, toJsonLines } from '../../../../activities/storage/records.js';
import { hashOfFiles } from '../../../../activities/storage/stored-files.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { failure } from '../../../fixtures/failure.js';

const Row = z.strictObject({ id: z.string() });
const storeWith = (text: string): InMemoryObjectStore => {
  const store = new InMemoryObjectStore();
  store.objects.set('k', Buffer.from(text));
  return store;
};

describe('records', () => {
  test('of JSON Lines come back as they went, whatever letters are in them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ id: fc.string({ unit: 'binary' }) }, { noNullPrototype: true })), async (rows) => {
        expect(await readRecords(storeWith(toJsonLines(rows)), 'k', Row)).toEqual(rows);
      }),
      { numRuns: 30, examples: [[[{ id: '\u2028 \u2029 \n \r' }]]] },
    );
  });

  test('that are torn name the object and the line', async () => {
    await expect(readRecords(storeWith('{"id":"a"}\n{"id":"b'), 'k', Row)).rejects.toEqual(
      failure('InvalidData', /^memory:store\/k line 2 is not what formwork wrote there/),
    );
    await expect(readRecord(storeWith('{"id":1}'), 'k', Row)).rejects.toEqual(
      failure('InvalidData', /^memory:store\/k is not what/),
    );
  });

  test('that are not there are null, or an error where they have to be', async () => {
    const store = new InMemoryObjectStore();
    expect(await readRecord(store, 'k', Row)).toBeNull();
    await expect(readRequiredRecord(store, 'k', Row)).rejects.toEqual(
      failure('InvalidData', /has no k, which an earlier stage wrote/),
    );
    expect(await readRecord(storeWith(toJson({ id: 'a' })), 'k', Row)).toEqual({ id: 'a' });
  });
});

test('the hash of a set of files depends on names and contents, not on their order', () => {
  const file = fc.record({ path: fc.string(), bytes: fc.nat(), sha256: fc.stringMatching(/^[0-9a-f]{64}$/) });
  fc.assert(
    fc.property(
      fc.uniqueArray(file, { selector: ({ path }) => path, minLength: 1 }),
      fc.infiniteStream(fc.nat()),
      (files, order) => {
        const shuffled = files.map((one) => ({ one, at: order.next().value as number })).sort((a, b) => a.at - b.at);
        expect(hashOfFiles(shuffled.map(({ one }) => one))).toBe(hashOfFiles(files));
        const [first, ...rest] = files as [(typeof files)[number], ...typeof files];
        expect(hashOfFiles([{ ...first, path: `${first.path}x` }, ...rest])).not.toBe(hashOfFiles(files));
        expect(hashOfFiles(rest)).not.toBe(hashOfFiles(files));
      },
    ),
  );
});
