import { isWhole, mostHeld, type Process, type Trial } from './result.js';
import { count, mib, table } from './words.js';

const ASKED = [10, 100, 1000] as const;

/** Workflows that are open while a run trains: the run, its lease, its round. */
const OPEN_WORKFLOWS = 3;
/** By the SDK: so many for each GiB of the heap, less what it keeps for itself. */
const CACHED_PER_GIB = 600;
const KEPT_MIB = 200;
/** Half of a core's time is left for what comes at once: starts, ends, a worker that comes back and has everything to replay. */
const MOST_BUSY = 0.5;

const SOURCES = {
  sqlite: '[Temporal on its embedded server](https://docs.temporal.io/self-hosted-guide/embedded-server)',
  workers: '[Temporal on workers](https://docs.temporal.io/develop/worker-tuning-reference)',
};

export function advice(trials: readonly Trial[]): string[] {
  const largest = mostHeld(trials);
  const whole = trials.filter(isWhole).at(-1);
  if (largest === undefined || whole === undefined) return ['Not measured.'];
  const { runs, processes, phases, machine } = largest;
  const bytes = whole.database.bytes / whole.runs / 2 ** 20;
  const cached = cachedIn(machine.heapMib);
  const memory = ({ idleMib, peakMib }: Process, wanted: number): string =>
    mib(Math.ceil((idleMib + ((peakMib - idleMib) / runs) * wanted) / 50) * 50);
  const cores = ({ cpu }: Process, wanted: number): number => (cpu.hold / phases.hold / runs) * wanted;
  const workers = (wanted: number): number =>
    Math.max(Math.ceil((OPEN_WORKFLOWS * wanted) / cached), Math.ceil(cores(processes.worker, wanted) / MOST_BUSY));
  return [
    `Server and workers by the numbers above: memory and cores are those of ${count(runs)} runs, in proportion. **Not measured**: more than ${count(runs)} runs, more than one control worker, and any database but SQLite. What was seen is one server of \`formwork up\` and one control worker with ${count(runs)} runs; what the table has beside that is for more than getting through: a database that is made for it, and room for what comes at once.`,
    table(
      ['', ...ASKED.map((wanted) => `${count(wanted)} runs at once`)],
      [
        ['server', ...ASKED.map(serverFor)],
        ['database', ...ASKED.map(databaseFor)],
        ['bytes of that many runs', ...ASKED.map((wanted) => mib(bytes * wanted))],
        ['control workers', ...ASKED.map((wanted) => `${workers(wanted)}`)],
        ['memory of the server', ...ASKED.map((wanted) => memory(processes.server, wanted))],
        ['memory of all control workers', ...ASKED.map((wanted) => memory(processes.worker, wanted))],
        [
          'cores while all train, server + workers',
          ...ASKED.map((wanted) => `${cores(processes.server, wanted).toFixed(1)} + ${cores(processes.worker, wanted).toFixed(1)}`),
        ],
      ],
    ),
    `- **The database.** Temporal means SQLite for tests and development, and MySQL, PostgreSQL or Cassandra for production (${SOURCES.sqlite}). formwork keeps everything that a run needs in the object store, so a lost file costs an order of things and no work; how many runs that is worth is yours to say. Beyond ten, [the Compose stack](docker.md) has PostgreSQL. SQLite has one writer, so a second server beside the first is not possible.`,
    `- **Control workers.** More of them may poll the queue \`formwork\` (${SOURCES.workers}): \`TEMPORAL_ADDRESS\` and one store that all of them reach. By CPU the numbers above leave half of a core free each; by memory a worker keeps, by the SDK's rule, ${CACHED_PER_GIB} workflows for each GiB of its heap beyond ${KEPT_MIB} MiB, and a run that trains has ${OPEN_WORKFLOWS}: ${count(cached)} workflows with the heap that Node takes here, \`NODE_OPTIONS=--max-old-space-size\` changes it. What is not in the cache is replayed, which is slower and no error. One is enough for correctness; a second is for the seconds in which the first is brought back.`,
    `- **Machines.** Each is one queue with two polls. The embedded server lets a namespace have 10,000 polls of a kind, which is 5,000 machines. A server of your own has 1,200 for each of its front ends unless told otherwise, about 600 machines: then raise \`frontend.namespaceCount\` of its dynamic configuration, or add a front end. Beyond it nodes are refused, and runs take them for unreachable.`,
    `- **Retention.** The embedded server keeps runs for 35 days: at one run an hour for that long, by the bytes above, ${mib(bytes * 24 * 35)}.`,
  ];
}

const cachedIn = (heapMib: number): number => Math.floor(((heapMib - KEPT_MIB) * CACHED_PER_GIB) / 1024);

function serverFor(runs: number): string {
  if (runs <= 10) return '`formwork up`';
  if (runs <= 100) return '`formwork up`, or one of your own';
  return 'one of your own, front end, history and matching apart';
}

function databaseFor(runs: number): string {
  if (runs <= 10) return 'its SQLite file';
  return runs <= 100 ? 'PostgreSQL; SQLite where its loss is bearable' : 'PostgreSQL on a machine of its own';
}
