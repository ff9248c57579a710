import type { Quantiles } from './quantiles.js';
import { isWhole, REQUESTS, RUNS, type Process, type Trial } from './result.js';
import { count, mib, seconds, table } from './words.js';

const NAMES = { server: 'server', worker: 'control worker', nodes: 'all machines' } as const;
const PROCESSES = ['server', 'worker', 'nodes'] as const;

/** All numbers of all trials. */
export function measured(trials: readonly Trial[]): string[] {
  const machines = [...new Set(trials.map(({ machine }) => `${machine.cores} x86-64 cores with ${machine.memoryGib} GiB`))];
  return [
    `Taken on ${machines.join(', ')} and no GPU. All runs are started at once, 25 calls at a time; when all of them train they are held for three quarters of a minute; then all trainings end at once, which is harder than any real day. "Others" is what all other processes of the machine used of the cores meanwhile: where it is much, times are longer than on an idle machine, and CPU-seconds are not.`,
    [
      WHOLE,
      ...REQUESTS.flatMap((name) => (trials.some(({ request }) => request === name) ? NOTES[name] : [])),
      unmeasured(trials),
    ].join(' '),
    table(
      ['runs', 'until all train', 'all train', 'until all are over', 'runs a minute', 'completed', 'others, cores'],
      trials.map((trial) => [label(trial), ...phaseCells(trial)]),
    ),
    '**Waits**, median / 95 of 100 / longest: of a new run for its first workflow task; of any workflow task, and of any activity of the control queue, for a worker; of a person for the status of a run, asked twice a second. From the histories of at most 20 of the runs. An activity that the worker takes along with the workflow task which asks for it waits for nothing.',
    table(
      ['runs', 'first task', 'workflow tasks', 'control activities', 'status while they start', 'status while all train'],
      trials.map((trial) => [
        label(trial),
        ...[trial.firstTask, trial.workflowTask, trial.controlActivity].map(waits),
        ...[trial.status.ramp, trial.status.hold].map(asked),
      ]),
    ),
    '**Processes.** Resident memory with nothing to do, when all machines poll, and at its most; CPU-seconds for each run, from its start to its end, and share of a core while all train.',
    table(
      ['runs', 'process', 'idle', 'machines poll', 'most', 'CPU-s a run', 'all train'],
      trials.flatMap((trial) =>
        PROCESSES.map((name, index) => [
          index === 0 ? label(trial) : '',
          NAMES[name],
          ...processCells(trial, trial.processes[name]),
        ]),
      ),
    ),
    '**Server and worker.** Bytes of the database for each run, and what the server has written to the disk for it; workflows in the cache of the worker while all train, evicted by force for whatever reason, and replayed because they were not there; slots for activities in use while all train. Trouble: activities that had to be tried again or timed out, and workflow tasks that did, in the histories of at most 20 of the runs.',
    table(
      ['runs', 'database', 'written', 'cached', 'evicted', 'missed', 'slots', 'trouble'],
      trials.map((trial) => [label(trial), ...serverCells(trial)]),
    ),
    '**Looks at everything**, while all train: what Prometheus gets, the look at the ledgers that comes before it, `formwork list`, and the standing schedules.',
    table(
      ['runs', 'scrape', 'size', 'ledgers', '`formwork list`', 'without answer', '`clusterSweep`', '`runRecovery`'],
      trials.map((trial) => [label(trial), ...lookCells(trial)]),
    ),
    ...histories(trials.filter(isWhole).at(-1)),
  ];
}

const WHOLE = 'A number alone: whole runs of 300 training rows and 48 others on one machine each.';

const NOTES: Record<Trial['request'], string[]> = {
  short: [],
  training: [
    '**training**: what comes before training is found done, as by a recovery, so that so many train at once within the time of a trial.',
  ],
  practice: ['**practice**: what `npm start` asks for, 6,602 rows and two machines.'],
};

function unmeasured(trials: readonly Trial[]): string {
  const missing = RUNS.filter((runs) => !trials.some((trial) => trial.runs === runs && isWhole(trial)));
  return missing.length === 0 ? '' : `Whole runs were **not measured to their end** for ${missing.join(', ')} at once.`;
}

const label = ({ runs, request }: Trial): string => (request === 'short' ? count(runs) : `${count(runs)} ${request}`);

function phaseCells({ runs, phases: { ramp, hold, drain }, completed, inTraining, elsewhere }: Trial): string[] {
  return [
    inTraining < runs ? `${inTraining} did after ${seconds(ramp)}` : seconds(ramp),
    seconds(hold),
    completed < runs ? `${completed} were after ${seconds(drain)}` : seconds(drain),
    completed < runs ? '' : ((60 * runs) / (ramp + drain)).toFixed(0),
    count(completed),
    (elsewhere / (ramp + hold + drain)).toFixed(1),
  ];
}

function processCells({ runs, phases: { hold }, completed }: Trial, { idleMib, readyMib, peakMib, cpu }: Process): string[] {
  const whole = ((cpu.ramp + cpu.hold + cpu.drain) / runs).toFixed(2);
  return [mib(idleMib), mib(readyMib), mib(peakMib), completed < runs ? '' : whole, `${((100 * cpu.hold) / hold).toFixed(0)} %`];
}

function serverCells({ runs, completed, database, cache, slots, troubles }: Trial): string[] {
  const bytes = [`${(database.bytes / runs / 1024).toFixed(0)} KiB`, `${(database.writtenBytes / runs / 2 ** 20).toFixed(1)} MiB`];
  return [
    ...(completed < runs ? ['', ''] : bytes),
    ...[cache.held, cache.evicted, cache.missed].map(count),
    `${count(slots.used)} of ${count(slots.used + slots.free)}`,
    trouble(troubles),
  ];
}

const lookCells = ({ runs, metrics, list, looks }: Trial): string[] => [
  seconds(metrics.scrape),
  `${metrics.kib.toFixed(0)} KiB`,
  seconds(metrics.look),
  `${seconds(list.seconds)}${list.listed < runs ? ` (${list.listed} listed)` : ''}`,
  count(list.unanswered),
  seconds(looks.sweep),
  seconds(looks.recovery),
];

function histories(trial: Trial | undefined): string[] {
  if (trial === undefined) return [];
  return [
    `**Histories** of ${count(trial.runs)} whole runs, by workflow type; each hand-back of a machine, of which a real training has one every ten minutes, adds about six events to its round. A server warns at 10,240 events or 10 MiB, and ends a workflow at 51,200 or 50 MiB ([Temporal](https://docs.temporal.io/workflow-execution/limits)); rounds and leases continue as new before that.`,
    table(
      ['type', 'number', 'events, median', 'most', 'KiB, median', 'most'],
      trial.histories.map(({ type, count: number, events, kib }) => [
        `\`${type}\``,
        count(number),
        count(events.p50),
        count(events.max),
        kib.p50.toFixed(0),
        kib.max.toFixed(0),
      ]),
    ),
  ];
}

const waits = ({ p50, p95, max }: Quantiles): string => [p50, p95, max].map((value) => seconds(value)).join(' / ');

function asked({ answered, unanswered }: Trial['status']['ramp']): string {
  const told = answered === null ? [] : [waits(answered)];
  return [...told, ...(unanswered === 0 ? [] : [`${unanswered} without answer in 10 s`])].join('; ');
}

function trouble({ activityRetries, activityTimeouts, workflowTaskTimeouts }: Trial['troubles']): string {
  const kinds: [number, string][] = [
    [activityRetries, 'tried again'],
    [activityTimeouts, 'timed out'],
    [workflowTaskTimeouts, 'workflow tasks timed out'],
  ];
  const found = kinds.filter(([number]) => number > 0);
  return found.length === 0 ? 'none' : found.map(([number, what]) => `${number} ${what}`).join(', ');
}
