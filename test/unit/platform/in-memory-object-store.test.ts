import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/domain/failures.js';
import { InMemoryObjectStore } from '../../fakes/in-memory-object-store.js';
import { objectStoreContract } from './object-store.contract.js';

describe('the store in memory', () => {
  objectStoreContract(() => new InMemoryObjectStore());

  test('fails as often as it is told to, and what fails changes nothing', async () => {
    const store = new InMemoryObjectStore();
    const error = new Failure('StoreUnavailable', 'the store is away');
    store.failWith(error, ({ operation, key }) => operation === 'put' && key.startsWith('a/'), 2);
    await expect(store.put('a/1', 'x')).rejects.toBe(error);
    await store.put('b/1', 'x');
    await expect(store.put('a/1', 'x')).rejects.toBe(error);
    await store.put('a/1', 'x');
    expect(store.keys()).toEqual(['a/1', 'b/1']);
    expect(store.countOf('put', 'a/')).toBe(3);
  });
});
