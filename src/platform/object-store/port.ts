export interface StoredObject {
  key: string;
  bytes: number;
  /** ISO 8601; when it was last written. */
  modifiedAt: string;
}

/**
 * Where everything lies that has to outlive a machine. Keys are paths with `/`; there are no directories.
 * Every write is whole or absent, and visible to the next read. Failures: StoreUnavailable, AccessDenied, DiskFull.
 */
export interface ObjectStore {
  /** For people and logs, e.g. file:/data/store. */
  readonly uri: string;

  /** Content, or null when there is no such object. */
  get(key: string): Promise<Buffer | null>;

  /** Writes or replaces. */
  put(key: string, content: string | Uint8Array): Promise<void>;

  /** Writes unless the key exists. Of several callers at once exactly one gets true. */
  putIfAbsent(key: string, content: string | Uint8Array): Promise<boolean>;

  /** Uploads a local file, streaming; replaces. The sha256 is of what was written. */
  putFile(key: string, path: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }>;

  /** Downloads to a local file, streaming; the file appears when it is whole. @throws Failure CheckpointIncomplete when there is no such object. */
  getFile(key: string, path: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }>;

  /** All objects whose key starts with the prefix, sorted by key. */
  list(prefix: string): Promise<StoredObject[]>;

  /** Removes if present. */
  delete(key: string): Promise<void>;

  /** Writes that were begun and are no objects yet: in progress, or left by whoever died over them. Their keys mean nothing to `get`. */
  listUnfinished(): Promise<StoredObject[]>;

  /** Removes what is left of such a write, if present. One in progress fails by it. */
  deleteUnfinished(key: string): Promise<void>;

  /** How much more it takes; null: it has no limit that anybody knows. */
  freeBytes(): Promise<number | null>;
}
