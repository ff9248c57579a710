// Writes gpu-runner/gpu_runner/schema from src/contract. `npm run schema` after a change there; a test fails while they differ.
import { writeFileSync } from 'node:fs';
import { schemaFiles } from '../src/contract/schema-files.js';

const folder = new URL('../gpu-runner/gpu_runner/schema/', import.meta.url);
for (const [name, text] of Object.entries(schemaFiles())) writeFileSync(new URL(name, folder), text);
