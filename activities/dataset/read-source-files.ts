import { readFile } from 'node:fs/promises';
import type { DataSource } from '../../src/contract/plan.js';
import { Failure } from '../../src/domain/failures.js';
import { sourcePaths, type SourceContents } from '../../src/tasks/parse-source.js';

/** Reads every file of a source. @throws Failure InvalidData that names the file. */
export async function readSourceFiles(data: DataSource): Promise<SourceContents> {
  const read = async (path: string): Promise<[string, Uint8Array]> => {
    const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      const message = `${path} cannot be read (${error.code}); correct the path or its permissions`;
      throw new Failure('InvalidData', message, { path }, { cause: error });
    });
    return [path, content];
  };
  return new Map(await Promise.all(sourcePaths(data).map(read)));
}
