import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';
import { badDataFiles } from './bad-data-files.js';
import { badEnvironments } from './bad-environments.js';
import type { BadCommand, BadRequest, Refusal } from './bad-input.js';
import { badModelDirectories } from './bad-model-directories.js';
import { badRequestFiles, badRequests } from './bad-requests.js';
import { Control, type Ended } from './control.js';
import { folderRecord } from './folder-record.js';
import type { WebRefusal } from './web-start.js';

const control = new Control();
beforeAll(() => control.open());
afterAll(async () => {
  const leases = await control.leases();
  const left = control.box.processes().filter(({ command }) => command.some((part) => /node-host|gpu_runner/.test(part)));
  await control.close();
  expect(leases, 'a lease was asked for').toBe(0);
  expect(left, 'a node runs').toEqual([]);
});

describe('a bad request', () => {
  test.each(badRequests)('$title', (one) => isRefusedBothWays(one));
  test.each(badRequestFiles)('$title', (one) => isRefusedAsCommand(one));
});

describe('a bad data file', () => {
  test.each(badDataFiles)('$title', (one) => isRefusedBothWays(one));
});

describe('a bad model directory', () => {
  test.each(badModelDirectories)('$title', (one) => isRefusedBothWays(one));
});

describe('a bad environment', () => {
  test.each(badEnvironments)('$title', (one) => isRefusedAsCommand(one));

  test('an address where something else listens is refused by it', async () => {
    const taken = await control.takePort(0);
    await isRefusedAsCommand({
      kind: 'Unreachable',
      exit: 3,
      command: () => ({ args: ['run'], env: { TEMPORAL_ADDRESS: `127.0.0.1:${taken}` } }),
      says: [`no Temporal server answers at 127.0.0.1:${taken}; start one with formwork up, or correct TEMPORAL_ADDRESS`],
    });
  });

  test('a namespace that the server does not have is refused by it', async () => {
    await isRefusedAsCommand({
      kind: 'EnvironmentNotReady',
      exit: 3,
      command: () => ({ args: ['run'], env: { TEMPORAL_ADDRESS: control.address, TEMPORAL_NAMESPACE: 'nowhere' } }),
      says: [`the Temporal server at ${control.address} has no namespace nowhere; create it there, or correct TEMPORAL_NAMESPACE`],
    });
  });

  test('usual ports that somebody else has are gone around', () => {
    expect(control.said).toMatch(/^server at 127\.0\.0\.1:(?!7233)\d+, Web UI http:\/\/127\.0\.0\.1:(?!8233)\d+$/m);
  });

  test('a Python that goes after formwork is up is refused before anything is leased', async () => {
    await control.withoutPython(() =>
      isRefusedBothWays({
        kind: 'EnvironmentNotReady',
        exit: 3,
        request: () => ({}),
        says: [`${control.python} does not run as Python: `, 'ENOENT', 'set FORMWORK_PYTHON to the Python of an environment'],
      }),
    );
  });

  test('a disk that fills up after formwork is up is refused with both sizes before anything is leased', async ({ skip }) => {
    const done = await control.withFree(30e6, async () => {
      await isRefusedBothWays({
        kind: 'EnvironmentNotReady',
        exit: 3,
        request: () => ({}),
        says: [
          'a run of tiny writes at least 37 MB, and ',
          `${control.box.home} has `,
          ' MB free; formwork prune shows what can go; or set FORMWORK_HOME',
        ],
      });
      return true;
    });
    if (done === null) skip();
  });
});

test('the table has four of each kind at least, and 24 in all', () => {
  const table = [[...badRequests, ...badRequestFiles], badDataFiles, badModelDirectories, badEnvironments];
  for (const rows of table) expect(rows.length).toBeGreaterThanOrEqual(4);
  expect(table.flat().length).toBeGreaterThanOrEqual(24);
});

/** From the start form and from a command: at once, in the same words, and with everything as it was. */
async function isRefusedBothWays(expected: Omit<BadRequest, 'title'>): Promise<void> {
  const folder = temporaryFolder();
  const input = expected.request(folder);
  const before = control.record();

  const web = await control.fromForm(input);
  // Word of the refusal goes out, and nothing else.
  expect(web).toMatchObject({ kind: expected.kind, children: ['runNotice'] } satisfies Partial<WebRefusal>);
  expect(web.activities.at(0)).toBe('planRun 1');
  expect(web.activities.filter((name) => !name.endsWith(' 1'))).toEqual([]);
  says(web.message, expected);
  expect(control.record()).toEqual(before);

  writeFileSync(join(folder, 'request.json'), JSON.stringify(input));
  const ended = await control.command({ args: ['run', 'request.json'] }, folder);
  expect(messageOf(ended)).toBe(`${expected.kind}: ${web.message}`);
  expect(ended.exit).toBe(expected.exit);
  expect(control.record()).toEqual(before);
}

async function isRefusedAsCommand(expected: Omit<BadCommand, 'title'>): Promise<void> {
  const folder = temporaryFolder();
  const line = expected.command(folder);
  if (line === null) return;
  const home = line.home ?? join(folder, 'home-of-its-own');
  const before = control.record(home);
  mkdirSync(join(folder, 'from'));
  const ended = await control.command({ ...line, home }, join(folder, 'from'));
  if (expected.kind !== null) expect(ended.stderr).toMatch(new RegExp(`^${expected.kind}: `));
  says(ended.stderr, expected);
  expect(ended.exit, ended.stderr).toBe(expected.exit);
  expect(control.record(home)).toEqual(before);
  expect(folderRecord(join(home, 'control', 'holders')), 'a server is asked for by nobody').toEqual({});
}

/** Every part, in order; and nothing that only we would understand. */
function says(text: string, { says: parts }: Pick<Refusal, 'says'>): void {
  let at = 0;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    expect(found, `"${part}" in:\n${text}`).toBeGreaterThanOrEqual(0);
    at = found + part.length;
  }
  expect(text).not.toMatch(/\n\s+at |zod|invalid_|undefined|\[object/i);
}

/** What a command said went wrong, without the line of what to do. */
function messageOf({ stderr }: Ended): string {
  return stderr.trimEnd().replace(/\nWhat to do: .*$/, '');
}
