import type { StruckFault } from './result.js';
import type { Siege } from './siege.js';

/** A failure may be told after the run has gone on: each belongs to the newest fault before it. */
export async function settleFailures(siege: Siege, struck: readonly StruckFault[]): Promise<StruckFault[]> {
  const failures = await siege.failures();
  return struck.map((one, index) => {
    const from = Date.parse(one.struckAt);
    const to = Date.parse(struck[index + 1]?.struckAt ?? '9999-12-31');
    return { ...one, failures: failures.flatMap(({ at, kind }) => (at >= from && at < to ? [kind] : [])) };
  });
}
