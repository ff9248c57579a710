import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../../../src/platform/process/process-identity.js';
import { findByEnvironment, scanEnvironments } from '../../../src/platform/process/process-scan.js';
import { eventually, startChild, startSleeper } from '../../fixtures/child-process.js';

const VARIABLE = 'FORMWORK_TEST_MARK';
const marked = (mark: string): NodeJS.ProcessEnv => ({ ...process.env, [VARIABLE]: mark });

describe.runIf(process.platform === 'linux')('processes with a variable in their environment', () => {
  test('are found with all that they have started', async () => {
    const mark = randomUUID();
    const shell = startChild('sh', ['-c', 'sleep 600 & sleep 600 & wait'], { env: marked(mark) });
    const found = await eventually('three processes', async () => {
      const processes = await findByEnvironment(VARIABLE, mark);
      return processes.length === 3 && processes;
    });
    expect(found.map(({ pid }) => pid)).toContain(shell.pid);
    expect(await Promise.all(found.map(isAlive))).toEqual([true, true, true]);
  });

  test('are not those with another value, a longer one or a longer name', async () => {
    const mark = randomUUID();
    await startSleeper(marked(`${mark}-more`));
    await startSleeper({ ...process.env, [`X_${VARIABLE}`]: mark, [`${VARIABLE}_X`]: mark });
    expect(await findByEnvironment(VARIABLE, mark)).toEqual([]);
  });

  test('are not those that have ended', async () => {
    const mark = randomUUID();
    const { child } = await startSleeper(marked(mark));
    expect(await findByEnvironment(VARIABLE, mark)).toHaveLength(1);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(await findByEnvironment(VARIABLE, mark)).toEqual([]);
  });

  test('are told apart by value in one look', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    const [one, other] = [await startSleeper(marked(a)), await startSleeper(marked(b))];
    const all = await scanEnvironments(VARIABLE);
    expect([all.get(a), all.get(b)]).toEqual([[one.identity], [other.identity]]);
  });
});
