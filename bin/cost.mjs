// npm run cost [-- share|wall]: sets everything up, then measures what durability costs while a run trains.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { preparePackage } from './prepare-package.mjs';

preparePackage();
const command = fileURLToPath(new URL('../test/cost/command.ts', import.meta.url));
const { status } = spawnSync(process.execPath, ['--import', 'tsx', command, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
