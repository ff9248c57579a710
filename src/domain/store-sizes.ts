const STORE_KINDS = ['checkpoints', 'epochs', 'published models', 'base models', 'datasets', 'logs', 'events', 'records'] as const;
type StoreKind = (typeof STORE_KINDS)[number];

/** The first pattern that a key has says what it is; whatever has none is a record. */
const PATTERNS: readonly [RegExp, StoreKind][] = [
  [/^runs\/[^/]+\/rounds\/.*\/checkpoints\//, 'checkpoints'],
  [/^runs\/[^/]+\/rounds\/.*\/epochs\//, 'epochs'],
  [/^runs\/[^/]+\/model\//, 'published models'],
  [/^models\//, 'base models'],
  [/^datasets\//, 'datasets'],
  [/^runs\/.*\/logs\/rank-\d+\//, 'logs'],
  [/^runs\/.*\/events\/rank-\d+\//, 'events'],
];

/** Bytes of a store by what they are, in the order of the list; kinds of which there is nothing are left out. */
export function storeSizes(objects: readonly { key: string; bytes: number }[]): { kind: StoreKind; bytes: number }[] {
  const sums = new Map<StoreKind, number>();
  for (const { key, bytes } of objects) {
    const kind = PATTERNS.find(([pattern]) => pattern.test(key))?.[1] ?? 'records';
    sums.set(kind, (sums.get(kind) ?? 0) + bytes);
  }
  return STORE_KINDS.flatMap((kind) => (sums.has(kind) ? [{ kind, bytes: sums.get(kind) ?? 0 }] : []));
}
