// node bin/run-prepared.mjs <file> [argument ...]: sets the package up, then runs this TypeScript file of it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { preparePackage } from './prepare-package.mjs';

preparePackage();
const [file, ...args] = process.argv.slice(2);
const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
const { status } = spawnSync(process.execPath, ['--import', 'tsx', path, ...args], { stdio: 'inherit' });
process.exitCode = status ?? 1;
