import { format, resolveConfig } from 'prettier';
import { packageFile } from '../../src/platform/package-root.js';
import { advice } from './advice.js';
import { bends } from './bends.js';
import type { Quantiles } from './quantiles.js';
import type { Process, Trial } from './result.js';
import { count, mib, seconds, table } from './words.js';

/** docs/scale.md, formatted as every page is. */
export async function scalePage(trials: readonly Trial[]): Promise<string> {
  const style = await resolveConfig(packageFile('docs', 'scale.md'));
  return format(pageText(trials), { ...style, parser: 'markdown' });
}

function pageText(trials: readonly Trial[]): string {
  return [
    '# Scale',
    '<!-- Written by `npm run scale`. -->',
    PURPOSE,
    '## What is real, and what is not',
    REALITY,
    '## Measured',
    ...(trials.length === 0 ? ['Not measured.'] : measured(trials)),
    '## Where it bends',
    ...bends(trials),
    '## What to run',
    ...advice(trials),
    '## Running it',
    RUNNING,
  ]
    .join('\n\n')
    .concat('\n');
}

const PURPOSE = `How many runs one server and one control worker carry at once, on the smallest machine that formwork is for, and what gives way first. Training itself is on other machines: what is measured here is what it costs to keep them, watch them and write down what they do.`;

const REALITY = `Real: the embedded server with the options and the retention that \`formwork up\` gives it, one control worker with the product's code, options and metrics, all workflows, all activities of the control queue on the file store (plans, claims, data sets, budgets, judgements, scores, ledgers, reports), the standing schedules, the command line. Every run asks for what \`npm start\` does: 6,602 practice rows, two nodes, evaluation before and after, a report.

Not real: machines and ranks. The provider is a list in memory that takes 0.2 s for a launch. The machines are in one process, each with the product's node worker on a queue of its own; their jobs take a second or two, beat every three seconds, hand back every minute where real ones do every ten, and leave in the store the records that a real node leaves (events, manifests, predictions, its part of the ledger) without weights. All of it, the machines' process too, shares the cores that are measured. A webhook is not set.`;

const RUNNING = `\`npm run scale\` measures 1, 10, 50, 100, 200 and 500 runs, each in an installation of its own, and writes this page; \`npm run scale -- --runs 50,500\` measures those alone, and the others stay as they are. \`--try\` prints, and keeps nothing; \`--page\` writes the page from what is kept. It needs Linux, for \`/proc\`.`;

function measured(trials: readonly Trial[]): string[] {
  const machines = [...new Set(trials.map(({ machine }) => `${machine.cores} x86-64 cores with ${machine.memoryGib} GiB`))];
  return [
    `Taken on ${machines.join(', ')} and no GPU. All runs are started at the same moment; when all of them train they are held for three quarters of a minute; then all trainings end at once, which is harder than any real day.`,
    table(
      ['runs', 'until all train', 'all train', 'until all are over', 'runs a minute', 'completed'],
      trials.map(({ runs, phases: { ramp, hold, drain }, completed, inTraining }) => [
        String(runs),
        `${seconds(ramp)}${inTraining < runs ? ` (${inTraining} did)` : ''}`,
        seconds(hold),
        seconds(drain),
        ((60 * runs) / (ramp + drain)).toFixed(1),
        String(completed),
      ]),
    ),
    '**Waits**, median / 95 of 100 / longest: of a new run for its first workflow task; of any workflow task, and of any activity of the control queue, for a worker; of a person for the status of a run, asked twice a second. From the histories of at most 20 of the runs.',
    table(
      ['runs', 'first task', 'workflow tasks', 'control activities', 'status while they start', 'status while all train'],
      trials.map(({ runs, firstTask, workflowTask, controlActivity, status }) => [
        String(runs),
        waits(firstTask),
        waits(workflowTask),
        waits(controlActivity),
        asked(status.ramp),
        asked(status.hold),
      ]),
    ),
    '**Processes.** Resident memory with nothing to do, when all machines poll, and at its most; CPU-seconds for each run, from its start to its end, and share of a core while all train.',
    table(
      ['runs', 'process', 'idle', 'machines poll', 'most', 'CPU-s a run', 'all train'],
      trials.flatMap(({ runs, processes, phases }) =>
        (['server', 'worker', 'nodes'] as const).map((name, index) => [
          index === 0 ? String(runs) : '',
          NAMES[name],
          ...processCells(processes[name], runs, phases.hold),
        ]),
      ),
    ),
    '**Server and worker.** Bytes of the database for each run, and what the server has written to the disk for it; workflows in the cache of the worker while all train, evicted, and replayed because they were not there; slots for activities in use while all train. Trouble: activities that had to be tried again or timed out, and workflow tasks that did, in the histories of at most 20 of the runs.',
    table(
      ['runs', 'database', 'written', 'cached', 'evicted', 'missed', 'slots', 'trouble'],
      trials.map(({ runs, database, cache, slots, troubles }) => [
        String(runs),
        `${(database.bytes / runs / 1024).toFixed(0)} KiB`,
        `${(database.writtenBytes / runs / 2 ** 20).toFixed(1)} MiB`,
        count(cache.held),
        count(cache.evicted),
        count(cache.missed),
        `${count(slots.used)} of ${count(slots.used + slots.free)}`,
        trouble(troubles),
      ]),
    ),
    '**Looks at everything**, while all train: what Prometheus gets, the look at the ledgers that comes before it every 15 s, `formwork list`, and the standing schedules.',
    table(
      ['runs', 'scrape', 'size', 'ledgers', '`formwork list`', 'without answer', '`clusterSweep`', '`runRecovery`'],
      trials.map(({ runs, metrics, list, looks }) => [
        String(runs),
        seconds(metrics.scrape),
        `${metrics.kib.toFixed(0)} KiB`,
        seconds(metrics.look),
        seconds(list.seconds),
        String(list.unanswered),
        seconds(looks.sweep),
        seconds(looks.recovery),
      ]),
    ),
    ...histories(trials.at(-1)),
  ];
}

const NAMES = { server: 'server', worker: 'control worker', nodes: 'all machines' };

const processCells = ({ idleMib, readyMib, peakMib, cpu }: Process, runs: number, hold: number): string[] => [
  mib(idleMib),
  mib(readyMib),
  mib(peakMib),
  ((cpu.ramp + cpu.hold + cpu.drain) / runs).toFixed(2),
  `${((100 * cpu.hold) / hold).toFixed(0)} %`,
];

function histories(trial: Trial | undefined): string[] {
  if (trial === undefined) return [];
  return [
    `**Histories** of the ${trial.runs} runs, by workflow type. A server warns at 10,240 events or 10 MiB, and ends a workflow at 51,200 or 50 MiB ([Temporal](https://docs.temporal.io/workflow-execution/limits)); rounds and leases continue as new before that.`,
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

const waits = ({ p50, p95, max }: Quantiles): string => `${seconds(p50)} / ${seconds(p95)} / ${seconds(max)}`;

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
