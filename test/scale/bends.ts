import { isWhole, mostHeld, type Process, type Trial } from './result.js';
import { count, mib, seconds } from './words.js';

const PHASES = ['ramp', 'hold', 'drain'] as const;
type Phase = (typeof PHASES)[number];
type Name = keyof Trial['processes'];

/** What gives way first, by the numbers of the largest trials beside those of one run. */
export function bends(trials: readonly Trial[]): string[] {
  const whole = trials.filter(isWhole);
  const [first] = whole;
  const last = whole.at(-1);
  const most = mostHeld(trials);
  if (first === undefined || last === undefined || most === undefined) return ['Not measured.'];
  return [
    [
      ...[processors(last, whole), mainThread(last), steady(most), disk(last), memory(most), waits(first, most)],
      ...trials.filter(({ runs, inTraining }) => inTraining < runs).map(crowd),
      ...practice(trials),
    ].join('\n'),
    MENDED,
  ];
}

function processors(last: Trial, whole: readonly Trial[]): string {
  const least = (name: Name): string => Math.min(...whole.map((trial) => costOf(trial, name))).toFixed(2);
  const share = (name: Name): string => cores(last, name, 'ramp').toFixed(2);
  return `- **Processors give way first.** While ${count(last.runs)} runs start, the server has ${share('server')} of the ${last.machine.cores} cores, the control worker ${share('worker')}, the process of all machines ${share('nodes')}; others of the machine what the first table says. A run costs the server ${perRun(last, 'server')} CPU-seconds and the control worker ${perRun(last, 'worker')} then, where the least of any crowd here is ${least('server')} and ${least('worker')}: a crowd takes about as long as its runs one after the other.`;
}

const mainThread = (last: Trial): string =>
  `- **One thread.** Of a control worker all activities share the thread that JavaScript runs on: it is busy ${percent(last.processes.worker.mainThread.ramp, last.phases.ramp)} of the time while ${count(last.runs)} runs start, ${percent(last.processes.worker.mainThread.drain, last.phases.drain)} while they end. Where that comes near to all of it, more cores do not help, and another worker does.`;

function steady(most: Trial): string {
  return `- **While they train**, ${count(most.runs)} runs cost ${cores(most, 'server', 'hold').toFixed(2)} cores of server and ${cores(most, 'worker', 'hold').toFixed(2)} of control worker, and the thread of the latter is busy ${percent(most.processes.worker.mainThread.hold, most.phases.hold)} of the time: each machine beats every three seconds, which the server writes down each time, and each run has a watcher that asks for its machines as often.`;
}

function disk({ database, runs }: Trial): string {
  const [kept, written] = [database.bytes / runs / 2 ** 20, database.writtenBytes / runs / 2 ** 20];
  return `- **The disk of the server**: for a run whose rows in the database are ${kept.toFixed(1)} MiB it writes ${written.toFixed(0)} MiB. SQLite writes whole pages, first into its journal and then into its file.`;
}

function memory(last: Trial): string {
  const each = ({ idleMib, peakMib }: Process): string => ((peakMib - idleMib) / last.runs).toFixed(1);
  const { server, worker } = last.processes;
  const polls = ((server.readyMib - server.idleMib) / (last.runs * last.nodes)).toFixed(1);
  return `- **Memory** grows by ${each(server)} MiB of server (${polls} for each machine that polls a queue of its own) and ${each(worker)} MiB of control worker for each run. Its cache holds ${(last.cache.held / last.runs).toFixed(1)} workflows for each run that trains.`;
}

const waits = (first: Trial, last: Trial): string =>
  `- **A person waits** ${seconds(last.status.ramp.answered?.p50 ?? null)} (95 of 100: ${seconds(last.status.ramp.answered?.p95 ?? null)}) for the status of a run while ${count(last.runs)} start, ${seconds(last.status.hold.answered?.p50 ?? null)} while they train (alone: ${seconds(first.status.hold.answered?.p50 ?? null)}); \`formwork list\` takes ${seconds(last.list.seconds)} (${seconds(first.list.seconds)}), since it asks each open run whether it is parked.`;

/** More runs than came to train in the time of a trial. */
function crowd({ runs, phases, inTraining, completed, elsewhere, machine, processes, status, list, troubles }: Trial): string {
  const taken = phases.ramp + phases.hold + phases.drain;
  const { answered, unanswered } = status.ramp;
  return `- **${runs} at once** were more than the trial had time for: ${inTraining} of them trained after ${seconds(phases.ramp)}, and ${completed} were over when it was ended after ${seconds(taken)}, with ${(elsewhere / taken).toFixed(1)} of the ${machine.cores} cores in use by others. All ${runs} were open by then, with ${mib(processes.server.peakMib)} of server and ${mib(processes.worker.peakMib)} of control worker; a status came within ${seconds(answered?.p50 ?? null)} (95 of 100: ${seconds(answered?.p95 ?? null)}; ${unanswered} did not come), and \`formwork list\` took ${seconds(list.seconds)} and had no answer of ${list.unanswered}. It says what so many open runs take of memory, and little of how fast they are where the cores are free. In the histories of ${troubles.runs} of them ${troubles.workflowTaskTimeouts} workflow tasks had waited so long for the worker that has the workflow in its cache that they were given to any, and ${troubles.activityTimeouts} activities timed out.`;
}

/** Runs of more data beside runs of little. */
function practice(trials: readonly Trial[]): string[] {
  return trials
    .filter(({ request }) => request === 'practice')
    .flatMap((more) => {
      const less = trials.find(({ request, runs }) => request === 'short' && runs === more.runs);
      if (less === undefined) return [];
      return [
        `- **Data and machines.** ${more.runs} runs of what \`npm start\` asks for (6,602 rows and two machines, where the others have 348 and one) cost the control worker ${perRun(more, 'worker')} CPU-seconds each instead of ${perRun(less, 'worker')}, the server ${perRun(more, 'server')} instead of ${perRun(less, 'server')}.`,
      ];
    });
}

const MENDED = `What was found by this and mended:

- A control worker had 500 slots for activities. Each gang and each job keeps one busy, asleep, so at 500 runs no slot is left for what would end one: seen with 5 runs of two machines and 5 slots, which had not all begun to train after 60 s and took 118 s to start and end, where they take 33 s with slots enough. It has 10,000.
- A node asked the server for work ten times at once, and has use for one or two. Beyond 120 nodes the server refused them (it lets a namespace have 1,200 polls), nodes missed what was meant for them, and their runs took them for unreachable: 29 times in 17 runs, when 500 ran. The option of the SDK that limits it, \`maxConcurrentActivityTaskPolls\`, is taken and not used (1.24.0); \`activityTaskPollerBehavior\` is. Measured in turn, twice: 150 idle nodes with two polls each cost the server 0.042 and 0.049 cores and 473 and 495 MiB, with seven 0.060 and 0.069 cores and 582 and 593 MiB. The embedded server lets a namespace have 10,000.
- The metrics looked at the ledgers of all runs every 15 s, however long that took, on the one thread of the worker. They are given at most a tenth of its time: a look of 5 s is followed by a pause of 45 s.
- Commands ended before a reader had taken all that they wrote: of the list of 1,000 runs 749 lines came through the pipe, as the table says. They wait for it.`;

const cores = ({ processes, phases }: Trial, name: Name, phase: Phase): number => processes[name].cpu[phase] / phases[phase];

/** CPU-seconds of a process for a run, from its start to its end. */
const costOf = ({ processes, runs }: Trial, name: Name): number =>
  PHASES.reduce((sum, phase) => sum + processes[name].cpu[phase], 0) / runs;

const perRun = (trial: Trial, name: Name): string => costOf(trial, name).toFixed(2);

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(0)} %`;
