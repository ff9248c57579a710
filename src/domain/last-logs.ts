/** The parts of one rank's log in the store, in order. */
export interface RankLog {
  /** Folder under the run, e.g. rounds/0/trajectories/1/node-0. */
  source: string;
  rank: number;
  parts: string[];
}

/** Logs of a job, also of a shard of it, of what a person has let go on (r) and of further attempts (a). */
const job = (name: string): RegExp =>
  new RegExp(String.raw`^jobs/(?<turn>\d+)/${name}(-s\d+)?(-r(?<retry>\d+))?(-a(?<attempt>\d+))?$`);

/** What writes logs, in the order in which a run does it: the last one that is found wrote last. */
const ORDER = [
  job('init'),
  job('tokens'),
  job('evaluation-baseline'),
  /^rounds\/smoke\/trajectories\/(?<turn>\d+)\/node-\d+$/,
  /^rounds\/(?!smoke\/)\w+\/trajectories\/(?<turn>\d+)\/node-\d+$/,
  job('evaluation-epochs'),
  job('evaluation-test'),
  job('export'),
];

/** A piece of a rank's log: `<source>/logs/rank-<n>/<from>-<to>`. */
const PART = /^(?<source>.*)\/logs\/rank-(?<rank>\d+)\/\d+-\d+$/;

/** The logs of the job that wrote last: its newest execution or trajectory, and of jobs that were tried again the last attempt. */
export function lastLogs(root: string, keys: readonly string[]): RankLog[] {
  const logs = new Map<string, RankLog & { order: number[] }>();
  for (const key of keys) {
    const part = PART.exec(key)?.groups;
    const source = part?.['source']?.slice(root.length + 1);
    if (part === undefined || source === undefined || !key.startsWith(`${root}/`)) continue;
    const order = orderOf(source);
    if (order === null) continue;
    const id = `${source}/${part['rank'] ?? ''}`;
    const log = logs.get(id) ?? { source, rank: Number(part['rank']), parts: [], order };
    logs.set(id, { ...log, parts: [...log.parts, key].sort() });
  }
  const newest = [...logs.values()].reduce<number[]>((last, { order }) => (isAfter(order, last) ? order : last), []);
  return [...logs.values()]
    .filter(({ order }) => !isAfter(newest, order))
    .map(({ source, rank, parts }) => ({ source, rank, parts }))
    .sort((a, b) => a.rank - b.rank || a.source.localeCompare(b.source));
}

function orderOf(source: string): number[] | null {
  for (const [place, pattern] of ORDER.entries()) {
    const found = pattern.exec(source)?.groups;
    if (found !== undefined) return [place, Number(found['turn']), Number(found['retry'] ?? 0), Number(found['attempt'] ?? 1)];
  }
  return null;
}

function isAfter(one: readonly number[], other: readonly number[]): boolean {
  const different = one.findIndex((value, index) => value !== (other[index] ?? -1));
  return different !== -1 && (one[different] ?? -1) > (other[different] ?? -1);
}
