import { readdir, readFile } from 'node:fs/promises';
import { identifyProcess, type ProcessIdentity } from './process-identity.js';

/**
 * Running processes whose environment has `name` set to `value`, whoever started them and whatever our own records say.
 * Reads /proc, so it finds nothing on other systems; callers there fall back on recorded process groups.
 */
export async function findByEnvironment(name: string, value: string): Promise<ProcessIdentity[]> {
  return (await scanEnvironments(name)).get(value) ?? [];
}

/** The same for every value that `name` has in any process. */
export async function scanEnvironments(name: string): Promise<Map<string, ProcessIdentity[]>> {
  const found = new Map<string, ProcessIdentity[]>();
  if (process.platform !== 'linux') return found;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    // Gone in between, or another user's: not ours either way.
    const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '');
    const setting = environment.split('\0').find((one) => one.startsWith(`${name}=`));
    if (setting === undefined) continue;
    const identity = await identifyProcess(Number(entry));
    const value = setting.slice(name.length + 1);
    if (identity !== null) found.set(value, [...(found.get(value) ?? []), identity]);
  }
  return found;
}
