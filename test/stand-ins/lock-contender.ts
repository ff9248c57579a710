// Takes a lock each time it is told to. usage: lock-contender <lock file>; a line on stdin: take or release; an answer on stdout.
import { createInterface } from 'node:readline';
import { takeLock } from '../../src/platform/lock.js';

const path = process.argv[2];
if (path === undefined) throw new Error('usage: lock-contender <lock file>');
let release = (): Promise<void> => Promise.resolve();

const answer = (text: string): boolean => process.stdout.write(`${text}\n`);
answer('ready');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'release') {
    await release();
    answer('released');
    continue;
  }
  const lock = await takeLock(path);
  if ('release' in lock) release = lock.release;
  answer('heldBy' in lock ? `held by ${lock.heldBy.pid}` : 'taken');
}
