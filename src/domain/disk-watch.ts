/**
 * Of what the next checkpoint takes, how often it has to fit: it is on a node and in the store at once, which may share a disk, and
 * the one after it is begun before an older one goes.
 */
const CHECKPOINTS = 3;

/** What the server's database, events, logs and a report take in hours, and enough for the remedy to be typed in peace. */
const LEAST_BYTES = 1e9;

/** What is to be said of a disk before it is full; null: nothing. @param checkpointBytes of the newest checkpoint; 0: there is none. */
export function diskWarning(where: string, freeBytes: number, checkpointBytes: number): string | null {
  const wanted = Math.max(LEAST_BYTES, CHECKPOINTS * checkpointBytes);
  if (freeBytes >= wanted) return null;
  const why = wanted > LEAST_BYTES ? `${CHECKPOINTS} checkpoints take ${gigabytes(wanted)}` : `less than ${gigabytes(wanted)}`;
  return `${where} has ${gigabytes(freeBytes)} free, ${why}: npx formwork prune shows what can go`;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
