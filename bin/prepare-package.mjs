// What has to happen before any of our own compiled code can run: the JavaScript packages, then the build. Needs nothing but Node.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuseUnsupported } from './refuse-unsupported.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const NEW_BUILD = 'dist-new';
const OLD_BUILD = 'dist-old';
const SOURCES = ['src', 'workflows', 'activities', 'workers', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** @param {(line: string) => void} say */
export function preparePackage(say = (line) => process.stderr.write(`${line}\n`)) {
  refuseUnsupported();
  const lock = hash(readFileSync(join(root, 'package-lock.json')));
  const packagesStamp = join(root, 'node_modules', '.formwork-stamp');
  if (read(packagesStamp) !== lock) {
    timed(say, 'JavaScript packages', 'about 450 MB', () => run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']));
    writeFileSync(packagesStamp, lock);
  }
  const sources = hash(JSON.stringify(SOURCES.flatMap((path) => fingerprint(join(root, path)))));
  const buildStamp = join(root, 'dist', '.formwork-stamp');
  if (read(buildStamp) !== sources) {
    timed(say, 'build', 'TypeScript and the workflow bundle', () => {
      // Anew, since what a deleted source left would still be found by whoever imports it; and aside, since a run that goes on
      // starts processes from the build that is there.
      rmSync(join(root, NEW_BUILD), { recursive: true, force: true });
      run(process.execPath, [
        ...[join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
        ...['--outDir', NEW_BUILD],
      ]);
      run(process.execPath, [join('bin', 'bundle-workflows.mjs'), NEW_BUILD]);
      writeFileSync(join(root, NEW_BUILD, '.formwork-stamp'), sources);
      rmSync(join(root, OLD_BUILD), { recursive: true, force: true });
      if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), join(root, OLD_BUILD));
      renameSync(join(root, NEW_BUILD), join(root, 'dist'));
      rmSync(join(root, OLD_BUILD), { recursive: true, force: true });
    });
  }
}

function timed(say, name, detail, act) {
  say(`${name}: ${detail} ...`);
  const began = Date.now();
  act();
  say(`${name}: done in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error !== undefined) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0)
    fail(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}; what it said is above.`);
}

/** Path, size and time of change of every file: as good as its content for telling a change, and a hundred times faster. */
function fingerprint(path) {
  const stats = statSync(path);
  if (stats.isDirectory())
    return readdirSync(path)
      .sort()
      .flatMap((name) => fingerprint(join(path, name)));
  return [`${path}:${stats.size}:${stats.mtimeMs}`];
}

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : null);
const hash = (content) => createHash('sha256').update(content).digest('hex');

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(3);
}
