import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../../src/domain/failures.js';
import type { ObjectStore, StoredObject } from '../../src/platform/object-store/port.js';

type Operation = 'get' | 'put' | 'putIfAbsent' | 'putFile' | 'getFile' | 'list' | 'delete';

/** One call of the store, as a fault is asked about it and as a test reads it afterwards. */
export interface StoreCall {
  operation: Operation;
  key: string;
}

/** An object store in memory that fails when it is told to. */
export class InMemoryObjectStore implements ObjectStore {
  readonly uri = 'memory:store';
  readonly objects = new Map<string, Buffer>();
  /** When objects were last written, for those that a test dates. */
  readonly modified = new Map<string, string>();
  readonly unfinished = new Map<string, StoredObject>();
  readonly calls: StoreCall[] = [];
  /** null: without a limit. */
  free: number | null = null;
  private readonly faults: { matches: (call: StoreCall) => boolean; error: Error; times: number }[] = [];

  /** The next `times` calls that match fail with this error, and change nothing. */
  failWith(error: Error, matches: (call: StoreCall) => boolean = () => true, times = Infinity): void {
    this.faults.push({ matches, error, times });
  }

  /** No fault stands any more. */
  mend(): void {
    this.faults.length = 0;
  }

  /** Flips one bit of an object; its size stays. */
  corrupt(key: string): void {
    const content = Buffer.from(this.need(key));
    content[0] = (content[0] ?? 0) ^ 1;
    this.objects.set(key, content);
  }

  keys(prefix = ''): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  /** Content of an object that has to be there. */
  need(key: string): Buffer {
    const content = this.objects.get(key);
    if (content === undefined) throw new Error(`no object ${key}; there are ${this.keys().join(', ')}`);
    return content;
  }

  needJson(key: string): unknown {
    return JSON.parse(this.need(key).toString('utf8'));
  }

  countOf(operation: Operation, prefix = ''): number {
    return this.calls.filter((call) => call.operation === operation && call.key.startsWith(prefix)).length;
  }

  async get(key: string): Promise<Buffer | null> {
    await this.enter('get', key);
    const content = this.objects.get(key);
    return content === undefined ? null : Buffer.from(content);
  }

  async put(key: string, content: string | Uint8Array): Promise<void> {
    await this.enter('put', key);
    this.write(key, Buffer.from(content));
  }

  async putIfAbsent(key: string, content: string | Uint8Array): Promise<boolean> {
    await this.enter('putIfAbsent', key);
    if (this.objects.has(key)) return false;
    this.write(key, Buffer.from(content));
    return true;
  }

  async putFile(key: string, path: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
    await this.enter('putFile', key);
    const content = await readFile(path, { signal });
    this.write(key, content);
    return describe(content);
  }

  async getFile(key: string, path: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
    await this.enter('getFile', key);
    const content = this.objects.get(key);
    if (content === undefined) throw new Failure('CheckpointIncomplete', `${this.uri} has no object ${key}`, { key });
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { signal });
    return describe(content);
  }

  async list(prefix: string): Promise<StoredObject[]> {
    await this.enter('list', prefix);
    return this.keys(prefix).map((key) => ({ key, bytes: this.need(key).length, modifiedAt: this.modifiedAt(key) }));
  }

  async delete(key: string): Promise<void> {
    await this.enter('delete', key);
    this.objects.delete(key);
  }

  listUnfinished(): Promise<StoredObject[]> {
    return Promise.resolve([...this.unfinished.values()]);
  }

  deleteUnfinished(key: string): Promise<void> {
    this.unfinished.delete(key);
    return Promise.resolve();
  }

  freeBytes(): Promise<number | null> {
    return Promise.resolve(this.free);
  }

  private write(key: string, content: Buffer): void {
    this.objects.set(key, content);
    this.modified.set(key, new Date().toISOString());
  }

  private modifiedAt(key: string): string {
    const at = this.modified.get(key) ?? new Date().toISOString();
    this.modified.set(key, at);
    return at;
  }

  /** Every call is recorded, takes at least one turn of the event loop, and may be made to fail. */
  private async enter(operation: Operation, key: string): Promise<void> {
    const call = { operation, key };
    this.calls.push(call);
    await new Promise(setImmediate);
    const fault = this.faults.find((one) => one.times > 0 && one.matches(call));
    if (fault === undefined) return;
    fault.times -= 1;
    throw fault.error;
  }
}

function describe(content: Buffer): { bytes: number; sha256: string } {
  return { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}
