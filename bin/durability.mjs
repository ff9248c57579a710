// npm run durability [-- row ...]: sets everything up, then measures what becomes of a run under each fault of the table.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { preparePackage } from './prepare-package.mjs';

preparePackage();
const command = fileURLToPath(new URL('../test/durability/command.ts', import.meta.url));
const { status } = spawnSync(process.execPath, ['--import', 'tsx', command, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
