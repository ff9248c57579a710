/**
 * What a command has written reaches its reader, however slowly that reads: the end of a process drops what a pipe has had no room for.
 * A reader that has read enough (`| head -1`) is no error; what is written after that goes nowhere.
 */
let isClosed = false;

export function beginOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isClosed = true;
  });
}

/** False from the first write that nobody takes. */
export const isRead = (): boolean => !isClosed;

/** Resolves when all that was written has been taken, or has nobody to take it. */
export async function endOutput(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => void stream.write('', () => resolve()))),
  );
}
