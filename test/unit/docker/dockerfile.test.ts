import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { argumentDefaults, copies, parseDockerfile, type Copy, type Stage } from './dockerfile.js';
import { ignores } from './dockerignore.js';
import { read, repositoryPath, said } from './repository.js';

const { before, stages } = parseDockerfile(read('docker/Dockerfile'));
const ignored = ignores(read('.dockerignore'));
const stageOf = (name: string): Stage => stages.find((stage) => stage.name === name) as Stage;

/** Instructions of a stage after those of the stages that it is made from. */
function inherited(stage: Stage): Stage['instructions'] {
  const parent = stages.find(({ name }) => name === stage.from);
  return [...(parent === undefined ? [] : inherited(parent)), ...stage.instructions];
}

const last = (stage: Stage, keyword: string): string | undefined =>
  inherited(stage).findLast((instruction) => instruction.keyword === keyword)?.text;

/** Where a copy puts each of its sources. */
const destinations = ({ sources, target }: Copy): string[] =>
  target.endsWith('/') ? sources.map((source) => posix.join(target, posix.basename(source))) : [target];

/** Files at or below a path of the repository, as paths of the repository. */
function filesBelow(path: string): string[] {
  if (!statSync(repositoryPath(path)).isDirectory()) return [path];
  return readdirSync(repositoryPath(path)).flatMap((name) => filesBelow(`${path}/${name}`));
}

describe('the stages', () => {
  test('they are made from one pinned base image, or from each other', () => {
    for (const { from } of stages) {
      if (from !== 'control') expect(from).toBe('node:${NODE_VERSION}-bookworm-slim');
    }
    expect(stages.map(({ name }) => name)).toEqual(['build', 'control', 'python', 'node']);
  });

  test('a stage copies only from stages before it', () => {
    for (const [index, stage] of stages.entries()) {
      const earlier = stages.slice(0, index).map(({ name }) => name);
      for (const { from } of copies(stage)) if (from !== null) expect(earlier).toContain(from);
    }
  });

  test('everything that is copied from the repository is there, and .dockerignore lets it through', () => {
    const sources = stages.flatMap(copies).filter(({ from }) => from === null);
    expect(sources.length).toBeGreaterThan(10);
    for (const path of sources.flatMap((copy) => copy.sources)) {
      const files = filesBelow(path);
      expect(files, path).not.toHaveLength(0);
      expect(
        files.filter((file) => ignored(file) && !file.includes('__pycache__')),
        path,
      ).toEqual([]);
    }
  });

  test('.dockerignore lets nothing through that no stage copies', () => {
    const copied = stages.flatMap(copies).flatMap(({ from, sources }) => (from === null ? sources : []));
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    for (const line of allowed) expect(copied).toContain(line.slice(1));
    for (const path of [
      '.git/HEAD',
      'docker/.env',
      '.formwork/store/x',
      'node_modules/zod/package.json',
      'gpu-runner/tests/x.py',
    ]) {
      expect(ignored(path), path).toBe(true);
    }
  });
});

describe('the images', () => {
  test.each(['control', 'node'])(
    '%s runs the control worker under tini, as a user without rights, and says whether it is well',
    (name) => {
      const stage = stageOf(name);
      expect(last(stage, 'USER')).toBe('1000:1000');
      expect(last(stage, 'ENTRYPOINT')).toBe('["tini", "--"]');
      expect(last(stage, 'CMD')).toBe('["node", "dist/workers/control.js"]');
      expect(last(stage, 'HEALTHCHECK')).toMatch(/CMD \["node", "docker\/healthcheck.mjs"\]$/);
      expect(last(stage, 'VOLUME')).toBe('/var/lib/formwork');
      expect(
        inherited(stage).some(({ keyword, text }) => keyword === 'ENV' && text.includes('FORMWORK_HOME=/var/lib/formwork')),
      ).toBe(true);
    },
  );

  test('they hold every file that the code reads from its own folder', () => {
    const held = [...copies(stageOf('control')), ...copies(stageOf('node'))].flatMap(destinations);
    const code = [...filesBelow('src'), ...filesBelow('workers')].filter((path) => path.endsWith('.ts'));
    const needed = code.flatMap((path) =>
      [...readFileSync(repositoryPath(path), 'utf8').matchAll(/packageFile\(((?:'[^']+'(?:, )?)+)\)/g)].map((match) =>
        join(...[...(match[1] as string).matchAll(/'([^']+)'/g)].map((part) => part[1] as string)),
      ),
    );
    // The embedded server is installed where TEMPORAL_ADDRESS names none: not in a container.
    const wanted = needed.filter((path) => path !== 'bin/requirements-temporal.txt');
    expect(wanted).toContain('gpu-runner/requirements.txt');
    for (const path of wanted) {
      expect(
        held.some((target) => path === target || path.startsWith(`${target}/`) || target.startsWith(`${path}/`)),
        path,
      ).toBe(true);
    }
  });
});

describe('the install steps', () => {
  test('the build runs preparePackage of npm start, over everything that it watches', () => {
    const build = stageOf('build');
    const run = build.instructions.filter(({ keyword }) => keyword === 'RUN').map(({ text }) => text);
    expect(run).toHaveLength(1);
    expect(run[0]).toContain("import { preparePackage } from './bin/prepare-package.mjs'; preparePackage();");
    const watched = said('bin/prepare-package.mjs', /const SOURCES = \[(.*)\];/)
      .split(', ')
      .map((name) => name.slice(1, -1));
    expect(watched.length).toBeGreaterThan(5);
    const copied = copies(build).flatMap(({ sources }) => sources);
    expect(copied).toEqual(expect.arrayContaining([...watched, 'package.json', '.npmrc', 'bin']));
  });

  test('Python packages are those of gpu-runner/requirements.txt, each held to its hash', () => {
    const commands = stageOf('python')
      .instructions.filter(({ keyword }) => keyword === 'RUN')
      .map(({ text }) => text)
      .join('\n');
    expect(commands).toMatch(/uv pip install .*--require-hashes -r requirements\.txt$/);
    expect(copies(stageOf('python'))).toEqual([
      { from: null, sources: ['gpu-runner/requirements.txt'], target: 'requirements.txt' },
    ]);
    const pins = read('gpu-runner/requirements.txt').match(/^\S+==\S+/gm) ?? [];
    const hashed = read('gpu-runner/requirements.txt').match(/^\S+==.*\\\n\s+--hash=sha256:/gm) ?? [];
    expect(pins.length).toBeGreaterThan(20);
    expect(hashed).toHaveLength(pins.length);
  });

  test('the Python of the ranks is the one that the environment was made with', () => {
    const target = copies(stageOf('node')).find(({ from }) => from === 'python')?.target;
    expect(last(stageOf('node'), 'ENV')).toContain(`FORMWORK_PYTHON=${target}/bin/python`);
    const versions = ['python', 'node'].map((name) => argumentDefaults(stageOf(name).instructions).get('PYTHON_VERSION'));
    expect(versions[0]).toBe(versions[1]);
  });
});

describe('the versions', () => {
  const numbers = (version: string): number[] => version.split('.').map(Number);
  const atLeast = (version: string, least: string): boolean => {
    const [[major = 0, minor = 0], [leastMajor = 0, leastMinor = 0]] = [numbers(version), numbers(least)];
    return major > leastMajor || (major === leastMajor && minor >= leastMinor);
  };

  test('Node is exact, and new enough for package.json and for npm start', () => {
    const node = argumentDefaults(before).get('NODE_VERSION') as string;
    expect(node).toMatch(/^\d+\.\d+\.\d+$/);
    expect(atLeast(node, said('package.json', /"node": ">=([\d.]+)"/))).toBe(true);
    expect(atLeast(node, said('bin/refuse-unsupported.mjs', /OLDEST_NODE = \[([\d, ]+)\]/).replace(', ', '.'))).toBe(true);
  });

  test('Python is new enough for gpu_runner, for what checks it, and for npm start', () => {
    const python = argumentDefaults(stageOf('python').instructions).get('PYTHON_VERSION') as string;
    expect(python).toMatch(/^\d+\.\d+$/);
    for (const least of [
      said('gpu-runner/pyproject.toml', /requires-python = ">=([\d.]+)"/),
      said('gpu-runner/pyproject.toml', /pythonVersion = "([\d.]+)"/),
      said('src/platform/python/python-environment.ts', /OLDEST_PYTHON = \[([\d, ]+)\]/).replace(', ', '.'),
    ]) {
      expect(atLeast(python, least)).toBe(true);
    }
  });

  test('uv is the one that npm start installs', () => {
    const uv = argumentDefaults(stageOf('python').instructions).get('UV_VERSION');
    expect(uv).toBe(said('src/platform/python/uv.ts', /'uv==([\d.]+)'/));
  });
});
