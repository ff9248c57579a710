// npm run kills [-- --seeds N --runner stand-in|deepspeed]: sets everything up, then strikes short rounds of training at random moments.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { preparePackage } from './prepare-package.mjs';

preparePackage();
const command = fileURLToPath(new URL('../test/kills/command.ts', import.meta.url));
const { status } = spawnSync(process.execPath, ['--import', 'tsx', command, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
