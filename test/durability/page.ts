import { format, resolveConfig } from 'prettier';
import { packageFile } from '../../src/platform/package-root.js';
import { expectationInWords } from '../../src/domain/fault-expectation.js';
import { faultRule, isOffered } from '../../src/domain/fault-table.js';
import type { Fault } from './fault.js';
import { chaosSection } from '../chaos/page.js';
import type { ChaosResults } from '../chaos/result.js';
import type { Summary } from '../kills/summary.js';
import { siegeSections } from '../siege/page.js';
import type { SiegeResults } from '../siege/result.js';
import type { Result } from './result.js';

/** docs/durability.md, formatted as every page is. */
export async function durabilityPage(
  faults: readonly Fault[],
  measured: readonly Result[],
  kills: readonly Summary[],
  chaos: ChaosResults | null,
  sieges: SiegeResults,
): Promise<string> {
  const style = await resolveConfig(packageFile('docs', 'durability.md'));
  return format(pageText(faults, measured, kills, chaos, sieges), { ...style, parser: 'markdown' });
}

function pageText(
  faults: readonly Fault[],
  measured: readonly Result[],
  kills: readonly Summary[],
  chaos: ChaosResults | null,
  sieges: SiegeResults,
): string {
  const results = new Map(measured.map((result) => [result.name, result]));
  const problems = measured.flatMap(({ name, problems = [], why, state }) => [
    ...problems.map((problem) => `- \`${name}\`: ${problem}`),
    ...(state === 'broken' ? [`- \`${name}\` could not be carried out: ${why ?? ''}`] : []),
  ]);
  const notRun = measured.flatMap(({ name, why, state }) => (state === 'not run' ? [`- \`${name}\`: ${why ?? ''}`] : []));
  return [
    '# Durability',
    '<!-- Written by `npm run durability`. What is expected stands in src/domain/fault-table.ts. -->',
    PURPOSE,
    ...conditions(measured),
    table(
      ['row', 'what is done', 'what has to come of it'],
      faults.map(({ name, does, expected }) => [code(name), does, expectationInWords(expected, code)]),
    ),
    byHand(faults),
    '## Measured',
    READING,
    table(
      HEADINGS,
      faults.map((fault) => cells(fault, results.get(fault.name))),
    ),
    ...section('## Rows that failed', problems),
    ...section('## Rows that did not run', notRun),
    ...chaosSection(chaos),
    '## Kills at random moments',
    KILLS,
    ...(kills.length === 0 ? [] : [table(KILLS_HEADINGS, kills.map(killsCells))]),
    ...siegeSections(sieges),
    '## Running it',
    RUNNING,
  ]
    .join('\n\n')
    .concat('\n');
}

const PURPOSE =
  `A run in training is struck at a random step after its first checkpoint, once for each row: a real server, two nodes with processes of
their own, real DeepSpeed over both. It is then held against a run that nothing happened to. Each row has its expected end, and fails when it
ends otherwise.`.replaceAll('\n', ' ');

/** Of the rows, those that `formwork fault` does. */
function byHand(faults: readonly Fault[]): string {
  const others = faults.filter(({ name }) => !isOffered(name)).map(({ name }) => `${code(name)} (${faultRule(name).notOffered})`);
  return `\`npx formwork fault <row> --run <key>\` does it to a run of yours, with the same code, but for ${others.join(', ')}. The link it cuts is one that the node's worker holds, where the suite cuts one between hosts: [commands](cli.md#breaking-on-purpose).`;
}

const READING = `- **noticed**: until the run's own record had a first sign of it: a failure in its records, or a trajectory opened.
- **training again**: until the first step of the next gang, with the start of Python and the reading of the checkpoint. \`went on\`: no rank was touched; the time is the one after which every worker polled again, from the end of the fault.
- **steps done again**: steps of the struck gang after the checkpoint from which the next one went on. Allowed are the interval between two checkpoints and the steps that were made during one upload.
- **weights**: the SHA-256 of the chosen weights, and the exact loss of every step of every rank along the line of descent, against the unbroken run.
- **left over**: two minutes after the end of the row: processes of its nodes, by a scan of all processes of the machine, and the provider's list, while the control plane is still up; then everything else after \`formwork down\`: processes, listeners, locks, mounts, network namespaces with their links.`;

const RUNNING =
  `\`npm run durability\` runs all rows and writes this page; \`npm run durability -- kill-rank kill-node\` runs those named. A row is repeated
with \`FORMWORK_TEST_SEED\`, which every start prints: the seed and the row's name choose step, rank and file. \`FORMWORK_TEST_OUTAGE_MINUTES\`
shortens the long outages; \`FORMWORK_TEST_BESIDE\` says in words what else the cores have to do, for the page. The rows \`disk-full\` and \`store-down\` mount file systems of their own and need root; \`control-link-cut\` and
\`rank-link-cut\` put control plane and nodes on hosts of their own, in network namespaces, and need root and iproute2. A quick part is in
\`npm test\`, as the suite \`durability\`; a few seeds of the kills are there as the suite \`kills\`. \`npm run kills\` runs 300 seeds without
PyTorch and 25 with DeepSpeed; \`npm run kills -- --runner stand-in --seeds 1\` with \`FORMWORK_TEST_SEED\` repeats one. \`npm run chaos\` runs all cells,
\`npm run chaos -- kill-node@publish\` one of them, \`npm run chaos -- publish\` those of a stage; a few are in \`npm test\`, as the suite \`chaos\`.`.replaceAll(
    '\n',
    ' ',
  );

const KILLS = `The rows above strike once, in training. \`npm run kills\` knows nothing of what a run is doing: each seed strikes a short round one to three times, each time at a random moment after the one before, in its set-up, in a step, while a checkpoint is written or on its way to the store, in the start of the next gang, at the end, or after it. Three of four blows are SIGKILL, the others SIGSTOP for up to 15 s; they hit a rank, a rank supervisor, a node's worker or host, all of a node, and now and then the control worker or the server, which the rounds beside it share. Each has to come to the weights of every epoch and the exact losses of the round that nothing happened to, with no step told twice, one line of descent, and no process left.

The ranks are DeepSpeed, or a program of the same port, files, signals and exit codes that loads no PyTorch, so that hundreds of seeds take minutes. Server, workers, hosts, supervisors and lease are the real ones in both.`;

const KILLS_HEADINGS = ['ranks', 'seeds', 'passed', 'SIGKILL', 'SIGSTOP', 'gangs formed', 'unbroken round', 'took'];

function killsCells({
  runner,
  firstSeed,
  seeds,
  failedSeeds,
  kills,
  pauses,
  gangs,
  unbrokenSeconds,
  seconds: all,
}: Summary): string[] {
  const passed = failedSeeds.length === 0 ? String(seeds) : `${seeds - failedSeeds.length}, failed ${failedSeeds.join(', ')}`;
  const range = `${seeds}, from ${firstSeed}`;
  return [
    runner,
    range,
    passed,
    String(kills),
    String(pauses),
    String(gangs),
    seconds(unbrokenSeconds),
    `${(all / 60).toFixed(1)} min`,
  ];
}

function conditions(measured: readonly Result[]): string[] {
  const [first] = measured;
  if (first === undefined) return [];
  const { machine, run } = first;
  const seeds = [...new Set(measured.map(({ seed }) => seed))];
  return [
    `Taken on ${machine.cores} x86-64 cores with ${machine.memoryGib} GiB and no GPU${machine.beside === undefined ? '' : `, beside ${machine.beside}`}, with the model \`tiny\` (922,752 parameters), two nodes of one rank, ${run.steps} steps and a checkpoint every ${run.checkpointEverySteps}; a gang counts as hung after ${run.stepSeconds} s without a step. The unbroken run took ${run.seconds} s from the command to the report. Seed ${seeds.join(', ')}.`,
  ];
}

const HEADINGS = ['row', 'at step', 'noticed', 'training again', 'steps done again', 'run', 'weights', 'left over', 'result'];

function cells({ name, expected }: Fault, result: Result | undefined): string[] {
  const measured = result?.measured;
  if (measured === undefined) return [code(name), '', '', '', '', '', '', '', result?.state ?? 'not measured'];
  const { weightsEqual, lossesEqual, contactAfter, againAfter, goneAfter, ranksRestarted } = measured;
  const training =
    againAfter !== null
      ? seconds(againAfter)
      : expected.training === 'ends'
        ? `machines gone ${seconds(goneAfter)}`
        : ranksRestarted === 0
          ? `went on${contactAfter === null ? '' : `, polled ${seconds(contactAfter)}`}`
          : 'no';
  return [
    code(name),
    String(measured.step),
    `${seconds(measured.noticedAfter)}${measured.cause === null ? '' : ` ${code(measured.cause)}`}`.trim(),
    training,
    expected.training === 'forms again'
      ? `${measured.stepsRedone} of ${allowed(expected.intervals, measured)}`
      : String(measured.stepsRedone),
    measured.outcome,
    weightsEqual === null ? '' : weightsEqual && lossesEqual === true ? 'equal' : 'different',
    String(result?.leftOver?.length ?? ''),
    result?.state ?? '',
  ];
}

const allowed = (intervals: number, { checkpointEverySteps, stepsOfUpload }: NonNullable<Result['measured']>): number =>
  intervals * checkpointEverySteps + stepsOfUpload;

const section = (heading: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [heading, lines.join('\n')]);
const seconds = (value: number | null): string => (value === null ? '' : `${value.toFixed(1)} s`);
const code = (text: string): string => `\`${text}\``;

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, headings.map(() => '---'), ...rows];
  return lines.map((row) => `| ${row.join(' | ')} |`).join('\n');
}
