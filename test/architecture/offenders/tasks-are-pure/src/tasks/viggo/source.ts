import { readFileSync } from 'node:fs';

export const readRows = (path: string): string[] => readFileSync(path, 'utf8').split('\n');
