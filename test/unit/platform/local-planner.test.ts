import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { Home } from '../../../src/platform/home/home.js';
import { describe, expect, test } from 'vitest';
import type { FineTuningRequestInput } from '../../../src/contract/request.js';
import type { Failure } from '../../../src/domain/failures.js';
import { LocalPlanner, parseRequest, type PlanningMachine } from '../../../src/platform/planning/local-planner.js';
import { failure } from '../../fixtures/failure.js';
import { modelFolder } from '../../fixtures/model-folder.js';
import { smallDisk } from '../../fixtures/small-disk.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

const ON_CPU = { accelerator: 'cpu' } as const;
const plan = (request: unknown, folder = '/', purpose: 'run' | 'show' = 'run'): ReturnType<LocalPlanner['plan']> =>
  new LocalPlanner({ folder, checkRows: () => undefined, home: new Home(tmpdir()), python: null }).plan(request, purpose);
const problemsOf = async (request: FineTuningRequestInput, folder = '/'): Promise<Failure> => {
  const refused: unknown = await plan(request, folder).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'Failure', kind: 'InvalidRequest' });
  return refused as Failure;
};

describe('a plan', () => {
  test('of nothing at all is the plan of {}', async () => {
    expect(await plan(undefined)).toEqual(await plan({}));
    expect(await plan(null)).toEqual(await plan({}));
  });

  test('knows this machine', async () => {
    const { cluster } = await plan({ cluster: { ...ON_CPU, nodes: 1 } });
    expect(cluster).toMatchObject({ threadsPerRank: cpus().length, memoryBytesPerRank: totalmem() });
  });

  test('knows the version that made it', async () => {
    expect((await plan({})).formworkVersion).toMatch(/^\d+\.\d+\.\d+/);
  });

  test('takes files and model from the folder of the request, and counts its parameters', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'train.csv'), 'ref,mr\na,b\n');
    const model = modelFolder();
    const made = await plan({ data: { train: 'file:train.csv' }, model: `path:${model}`, cluster: ON_CPU }, folder);
    expect(made.data).toMatchObject({ kind: 'files', train: join(folder, 'train.csv'), validation: null });
    expect(made.model.source).toEqual({ kind: 'directory', path: model });
    expect(made.model.shape.parameters).toBe(2 * 1000 * 64 + 2 * (4 * 64 * 64 + 3 * 64 * 128 + 2 * 64) + 64);
  });
});

describe('a data file', () => {
  const trial = async (name: string, make: (path: string) => void): Promise<string> => {
    const folder = temporaryFolder();
    make(join(folder, name));
    return (await problemsOf({ data: { train: `file:${name}` } }, folder)).message;
  };

  test.each<[string, string, (path: string) => void, RegExp]>([
    ['that is missing', 'no.csv', () => undefined, /data\.train: expected a readable file at \/.*no\.csv, but there is none/],
    ['that is empty', 'a.csv', (path) => writeFileSync(path, ''), /expected rows in .*a\.csv, but the file is empty/],
    ['that is a folder', 'a.csv', (path) => mkdirSync(path), /expected a file at .*a\.csv, but it is a directory/],
    [
      'of another format',
      'a.xlsx',
      (path) => writeFileSync(path, 'x'),
      /expected a name that ends in \.jsonl or \.csv, got .*a\.xlsx/,
    ],
    ['without a name', '', () => undefined, /data\.train: expected a file at/],
  ])('%s is refused by split and path', async (_, name, make, message) => {
    expect(await trial(name, make)).toMatch(message);
  });

  test('below what is a file is refused with the reason', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), 'x');
    expect((await problemsOf({ data: { train: 'file:file/a.csv' } }, folder)).message).toMatch(/it cannot be read \(ENOTDIR\)/);
  });
});

describe('all problems', () => {
  test('of files, model and numbers are told at once, each field once', async () => {
    const refused = await problemsOf({
      data: { train: 'file:no.csv', test: 'file:neither.csv', validation: 'rows.csv' },
      model: 'path:nowhere',
    });
    expect((refused.facts['problems'] as { path: string }[]).map(({ path }) => path)).toEqual([
      'model',
      'data.train',
      'data.test',
      'data.validation',
    ]);
    expect(refused.message).toMatch(/model: expected a transformers directory at \/nowhere/);
  });

  test('of files outweigh a model that does not fit', async () => {
    const refused = await problemsOf({ data: { train: 'file:no.csv' }, model: 'llama-2-70b', cluster: ON_CPU });
    expect(refused.message).toMatch(/^the request has a problem:\n- data\.train: /);
  });

  test('of the request itself come with their path', async () => {
    expect((await problemsOf({ training: { epochs: 0 } })).message).toMatch(/- training\.epochs: expected at least 1, got 0/);
    await expect(plan('{}')).rejects.toEqual(failure('InvalidRequest', /the request: expected an object/));
    expect(() => parseRequest({ cluster: { node: 2 } })).toThrow(/the nearest known one is nodes/);
  });
});

describe('a machine', () => {
  const planner = (machine: Partial<PlanningMachine>): LocalPlanner =>
    new LocalPlanner({ folder: '/', checkRows: () => undefined, home: new Home(tmpdir()), python: null, ...machine });

  test('whose disk is too small for the run is refused with both sizes, but may be planned for', async ({ skip }) => {
    const home = new Home(join(smallDisk(8) ?? skip(), 'home'));
    await expect(planner({ home }).plan({ cluster: ON_CPU }, 'run')).rejects.toEqual(
      failure(
        'EnvironmentNotReady',
        /a run of tiny writes at least \d\d MB, and .*home has 8 MB free; formwork prune shows what can go; or set FORMWORK_HOME/,
      ),
    );
    expect((await planner({ home }).plan({ cluster: ON_CPU, dryRun: true }, 'run')).model.name).toBe('tiny');
    expect((await planner({ home }).plan({ cluster: ON_CPU }, 'show')).model.name).toBe('tiny');
  });

  test('whose Python has gone is refused', async () => {
    await expect(planner({ python: '/no/such/python' }).plan({ cluster: ON_CPU }, 'run')).rejects.toEqual(
      failure('EnvironmentNotReady', /\/no\/such\/python does not run as Python/),
    );
  });
});

describe('the rows of files', () => {
  const held = (purpose: 'run' | 'show'): Promise<unknown[]> => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'train.csv'), 'rows');
    const seen: unknown[] = [];
    const checkRows: PlanningMachine['checkRows'] = (task, data, contents) => {
      seen.push(
        task,
        data.kind,
        [...contents.values()].map((bytes) => Buffer.from(bytes).toString()),
      );
    };
    const planner = new LocalPlanner({ folder, checkRows, home: new Home(tmpdir()), python: null });
    return planner.plan({ data: { train: 'file:train.csv' }, cluster: ON_CPU }, purpose).then(() => seen);
  };

  test.each(['run', 'show'] as const)('are gone through before anything is started, to %s', async (purpose) => {
    expect(await held(purpose)).toEqual(['viggo', 'files', ['rows']]);
  });
});

describe('what can be shown but not run here', () => {
  test('is a model known by name only', async () => {
    const request: FineTuningRequestInput = { model: 'llama-2-7b', cluster: { nodes: 8, accelerator: 'gpu-80gb' } };
    expect((await plan(request, '/', 'show')).memory.chosen.fits).toBe(true);
    const { message } = await problemsOf(request);
    expect(message).toMatch(/model: llama-2-7b can be planned for by name, but a run needs its weights: expected path:<directory>/);
    expect(message).toMatch(/cluster\.accelerator: 8 ranks on the local provider need as many GPUs; this machine has \d/);
  });

  test('may be asked for as a dry run', async () => {
    const request = { model: 'llama-2-7b', cluster: { nodes: 8, accelerator: 'gpu-80gb' }, dryRun: true };
    expect((await plan(request)).model.source).toEqual({ kind: 'named' });
  });
});
