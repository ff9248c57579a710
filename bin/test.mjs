// npm test [-- suite ...]: sets everything up, then runs the suites.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { preparePackage } from './prepare-package.mjs';

preparePackage();
const suites = fileURLToPath(new URL('run-suites.ts', import.meta.url));
const { status } = spawnSync(process.execPath, ['--import', 'tsx', suites, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
