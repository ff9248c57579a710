import { bytesBelow } from '../files.js';
import type { Home } from './home.js';

/** What lies in a home beside its store; what is not there is left out. */
export async function homeSizes(home: Home): Promise<{ kind: string; bytes: number }[]> {
  const folders: [string, string][] = [
    ['Python environment', home.python()],
    ['tools and their caches', home.tools()],
    ["server's database and log", home.server()],
    ['node folders', home.nodes()],
    ['control', home.control()],
  ];
  const sizes = await Promise.all(folders.map(async ([kind, folder]) => ({ kind, bytes: await bytesBelow(folder) })));
  return sizes.filter(({ bytes }) => bytes > 0);
}
