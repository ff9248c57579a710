import { readdir, readFile } from 'node:fs/promises';
import { identifyProcess, type ProcessIdentity } from './process-identity.js';

/**
 * Running processes whose environment has `name` set to `value`, whoever started them and whatever our own records say.
 * Reads /proc, so it finds nothing on other systems; callers there fall back on recorded process groups.
 */
export async function findByEnvironment(name: string, value: string): Promise<ProcessIdentity[]> {
  if (process.platform !== 'linux') return [];
  const wanted = `${name}=${value}`;
  const found: ProcessIdentity[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    // Gone in between, or another user's: not ours either way.
    const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(wanted)) continue;
    const identity = await identifyProcess(Number(entry));
    if (identity !== null) found.push(identity);
  }
  return found;
}
