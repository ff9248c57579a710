import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ownIdentity } from '../../../src/platform/process/process-identity.js';
import { JobFolder } from '../../../src/platform/runner/job-folder.js';
import { failure } from '../../fixtures/failure.js';
import { describeJob } from '../../fixtures/job-spec.js';
import { runnerEvent } from '../../fixtures/runner-events.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

async function jobFolder(): Promise<JobFolder> {
  const spec = describeJob();
  const folder = new JobFolder(temporaryFolder(), spec.jobId);
  await folder.writeSpec(spec);
  return folder;
}
const append = (folder: JobFolder, path: string, text: string): void => appendFileSync(join(folder.work, path), text);
const line = (event: unknown): string => `${JSON.stringify(event)}\n`;

describe('the folder of a job', () => {
  test('has the plan as Python reads it beside the whole job', async () => {
    const folder = await jobFolder();
    expect(JSON.parse(readFileSync(join(folder.work, folder.planPath()), 'utf8'))).toEqual({ command: 'describe' });
    expect(await folder.spec()).toEqual(describeJob());
    expect(existsSync(join(folder.root, 'events'))).toBe(true);
  });

  test('knows of nothing before it is written', async () => {
    const folder = new JobFolder(temporaryFolder(), 'none');
    expect([await folder.spec(), await folder.state(), await folder.claimant()]).toEqual([null, null, null]);
    expect([await folder.events(0, 0), await folder.logTail(0, 5)]).toEqual([[], []]);
    expect(await folder.log(0, 0)).toHaveLength(0);
  });

  test('is claimed by exactly one of 20', async () => {
    const folder = await jobFolder();
    const own = await ownIdentity();
    const won = await Promise.all(Array.from({ length: 20 }, (_, number) => folder.claim({ ...own, startTime: String(number) })));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect((await folder.claimant())?.startTime).toBe(String(won.indexOf(true)));
  });
});

describe('the newest step', () => {
  test('is the last whole one, however long the file, and 0 before the first', async () => {
    const folder = await jobFolder();
    expect(await folder.newestStep(0)).toBe(0);
    append(folder, folder.eventsPath(0), line(runnerEvent('started')));
    expect(await folder.newestStep(0)).toBe(0);
    for (let step = 1; step <= 300; step += 1) append(folder, folder.eventsPath(0), line(runnerEvent('step', { step })));
    append(folder, folder.eventsPath(0), line(runnerEvent('phase')) + line(runnerEvent('step', { step: 301 })).slice(0, -2));
    expect(await folder.newestStep(0)).toBe(300);
  });
});

describe('events', () => {
  test('come with the place where each ends, in bytes', async () => {
    const folder = await jobFolder();
    const first = line(runnerEvent('failed', { message: 'Größe' }));
    append(folder, folder.eventsPath(0), first + line(runnerEvent('finished')));
    const [one, two] = await folder.events(0, 0);
    expect(one?.end).toBe(Buffer.byteLength(first));
    expect(one?.event).toMatchObject({ kind: 'failed', message: 'Größe' });
    expect(await folder.events(0, one?.end ?? 0)).toEqual([two]);
    expect(await folder.events(0, two?.end ?? 0)).toEqual([]);
  });

  test('that are half written are read when they are whole', async () => {
    const folder = await jobFolder();
    const text = line(runnerEvent('finished'));
    append(folder, folder.eventsPath(0), text.slice(0, 20));
    expect(await folder.events(0, 0)).toEqual([]);
    append(folder, folder.eventsPath(0), text.slice(20));
    expect(await folder.events(0, 0)).toHaveLength(1);
  });

  test.each(['not JSON', '{"kind":"unknown"}', '{"kind":"finished","time":"2026-11-22T20:00:00.000Z","rank":0}', ''])(
    'that are not in the contract are refused with the line: %s',
    async (text) => {
      const folder = await jobFolder();
      append(folder, folder.eventsPath(0), `${text}\n`);
      await expect(folder.events(0, 0)).rejects.toEqual(
        failure('RunnerCrashed', /rank 0 wrote an event that is not in the contract/),
      );
    },
  );
});

describe('a log', () => {
  test('is read from any place on', async () => {
    const folder = await jobFolder();
    append(folder, folder.logPath(0), 'one\ntwo\n');
    expect((await folder.log(0, 4)).toString()).toBe('two\n');
    expect(await folder.log(0, 99)).toHaveLength(0);
  });

  test('ends with its last lines, also where it is long', async () => {
    const folder = await jobFolder();
    append(folder, folder.logPath(0), `${Array.from({ length: 5000 }, (_, number) => `line ${number}`).join('\n')}\n`);
    expect(await folder.logTail(0, 3)).toEqual(['line 4997', 'line 4998', 'line 4999']);
  });

  test('that is empty has no last line', async () => {
    const folder = await jobFolder();
    append(folder, folder.logPath(0), '\n');
    expect(await folder.logTail(0, 3)).toEqual([]);
  });
});
