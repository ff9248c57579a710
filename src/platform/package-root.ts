import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of formwork itself, the same for compiled files and for sources. */
export const packageRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

export const packageFile = (...parts: string[]): string => join(packageRoot, ...parts);

export const formworkVersion: string = (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string })
  .version;

/** Command line of one of our processes: the compiled file, or its source where this code runs from sources itself. */
export function entryCommand(name: string): [string, ...string[]] {
  return import.meta.url.endsWith('.ts')
    ? // By its path: the process may start in a folder from which no package is found.
      [process.execPath, '--import', createRequire(import.meta.url).resolve('tsx'), packageFile('workers', `${name}.ts`)]
    : [process.execPath, packageFile('dist', 'workers', `${name}.js`)];
}

function findRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}
