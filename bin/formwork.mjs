#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { refuseUnsupported } from './refuse-unsupported.mjs';

refuseUnsupported();

const main = new URL('../dist/src/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('formwork is not built yet: npm start sets everything up.\n');
  process.exit(3);
}
await import(main.href);
