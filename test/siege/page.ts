import { goodputFaults, LEAST_GOODPUT } from './goodput-faults.js';
import type { FaultCost, GoodputResult, SiegeResults, StruckFault, ViggoResult } from './result.js';
import { expectedInWords } from './siege-fault.js';
import { VIGGO_FAULTS } from './viggo-faults.js';

/** Sections of docs/durability.md, from the newest whole sieges. */
export const siegeSections = ({ viggo, goodput }: SiegeResults): string[] => [
  '## Twelve faults in one run',
  VIGGO,
  table(
    ['fault', 'in stage', 'what is done', 'what has to come of it'],
    VIGGO_FAULTS.map((fault) => [code(fault.name), fault.stage, fault.does, expectedInWords(fault)]),
  ),
  ...(viggo === null ? [NOT_MEASURED] : ofViggo(viggo)),
  '## What faults cost',
  GOODPUT,
  ...(goodput === null ? [NOT_MEASURED] : ofGoodput(goodput)),
];

const VIGGO = `\`npm run siege -- viggo\` takes the real request, [examples/viggo.json](../examples/viggo.json), through a run that nothing happens to, and once more with twelve faults of different kinds, at random moments by seed, from the untrained model's evaluation to the published one. Each waits until the one before it is over and the run goes on. Three of them end the execution; nobody does anything about that, and the schedule \`run-recovery\` starts the next one, after a pause of 1, 2 and 4 minutes and up to 2 more until it looks. Beside the request: \`recovery.waitMinutes\` 1, \`recovery.afterTerminate\`, \`limits.stepSeconds\` 60. The list is \`test/siege/viggo-faults.ts\`; \`FORMWORK_TEST_DATA\` names the folder that has the data set as \`viggo/\`, and \`FORMWORK_TEST_SEED\` repeats the moments.

It has to complete with the weights of the unbroken run, the exact loss of every step of every rank along the line of descent, the same published file and the same predictions on the test split; the test split is read by one evaluation, after the epoch was chosen, each row once a model; the report tells of four executions and why each began; the ledger adds up to the provider's own files; and two minutes after the end nothing is left.`;

const GOODPUT = `\`npm run siege -- goodput\` trains for about half an hour with ten faults of different kinds that a run survives in one execution, outages of a minute among them. **Goodput** is the time of nodes in training that is kept over all time of nodes, from the first step to the last; at least ${100 * LEAST_GOODPUT} % are asked for. Both come from the [ledger](ledger.md), and so does what each fault has cost: the parts add up to the whole exactly. \`--minutes 5\` is for trying out: outages are shorter, it prints, and keeps nothing.`;

/** What has to be the same. */
const HASHES = [
  ['weights', 'weightsSha256'],
  ['losses', 'lossesSha256'],
  ['model.safetensors', 'modelSha256'],
  ['test predictions', 'answersSha256'],
] as const;

const NOT_MEASURED = 'Not measured.';

function ofViggo(result: ViggoResult): string[] {
  const { unbroken, sieged, faults, problems } = result;
  const hashes = HASHES.map(([what, name]) => {
    const [before, after] = [unbroken[name], sieged[name]];
    return [`${what}, SHA-256`, code(before), code(after), before === after ? 'equal' : 'different'];
  });
  return [
    `Taken on ${machineOf(result)}; seed ${result.seed}. ${problems.length === 0 ? 'All of it was so.' : 'It was not so:'}`,
    ...problemsOf(problems),
    table(
      ['', 'unbroken', 'with twelve faults', ''],
      [
        ...hashes,
        ['steps', String(unbroken.steps), `${sieged.steps}, and ${sieged.stepsRedone} done again`, ''],
        ['executions, gangs', `${unbroken.executions}, ${unbroken.gangs}`, `${sieged.executions}, ${sieged.gangs}`, ''],
        ['took', minutes(unbroken.seconds), minutes(sieged.seconds), ''],
      ],
    ),
    table(
      ['fault', 'struck', 'what came of it', 'went on after'],
      faults.map((struck) => [code(struck.name), ...struckCells(struck)]),
    ),
    'Went on: from the end of the fault to the first sign of work of the gang, job or execution after it. Where an execution was started again, the pause of the recovery is in it.',
  ];
}

function struckCells({ execution, stage, step, startedAgainAfter, failures, goesOnAfter }: StruckFault): string[] {
  const came =
    startedAgainAfter === null ? failures.map(code).join(', ') || 'nothing failed' : `started again after ${startedAgainAfter}`;
  return [`execution ${execution}, ${stage}${step === null ? '' : `, step ${step}`}`, came, seconds(goesOnAfter)];
}

function ofGoodput(result: GoodputResult): string[] {
  const { faults, costs, kept, milliseconds, ordinary, problems } = result;
  const all = costs.reduce((sum, cost) => sum + costSum(cost), 0);
  const python = costs.reduce((sum, cost) => sum + cost.python, 0);
  const does = new Map(goodputFaults(result.outageSeconds).map((fault) => [fault.name, fault.does]));
  const others = Object.entries(ordinary).map(([name, ms]) => `${code(name)} ${percent(ms, milliseconds)}`);
  return [
    `**Goodput ${percent(kept, milliseconds)}** over ${minutes(result.seconds)} and ${result.steps} steps, a checkpoint every ${result.checkpointEverySteps}; a gang counts as hung after ${result.stepSeconds} s without a step. The ten faults cost ${percent(all, milliseconds)} of the time of nodes, the start of Python alone ${percent(python, milliseconds)}, which is ${percent(python, all)} of what they cost; without a fault: ${others.join(', ') || 'nothing'}. Taken on ${machineOf(result)}; seed ${result.seed}.`,
    ...problemsOf(problems),
    table(
      [
        'fault',
        'what is done',
        'steps lost',
        'noticing',
        "Python's start",
        'DeepSpeed',
        'checkpoint read',
        'waiting',
        'node-seconds',
      ],
      faults.map(({ name }, index) => {
        const cost = costs[index];
        return [code(name), does.get(name) ?? '', ...(cost === undefined ? [] : costCells(cost))];
      }),
    ),
    "Node-seconds of two nodes. Steps lost: made before the fault, after the checkpoint that was gone on from. Noticing: until the ranks had ended, waiting for a rank that hangs included. Python's start: interpreter and imports. DeepSpeed: rows, model, engine. Waiting: machines, decisions, bringing of inputs, a node for the other.",
  ];
}

const costCells = (cost: FaultCost): string[] => [
  ...[cost.lost, cost.noticing, cost.python, cost.engine, cost.restore, cost.waiting].map((ms) =>
    ms === 0 ? '' : (ms / 1000).toFixed(1),
  ),
  (costSum(cost) / 1000).toFixed(1),
];

const costSum = ({ lost, noticing, python, engine, restore, waiting }: FaultCost): number =>
  lost + noticing + python + engine + restore + waiting;

const machineOf = ({ machine: { cores, memoryGib, beside } }: Pick<ViggoResult, 'machine'>): string =>
  `${cores} x86-64 cores with ${memoryGib} GiB and no GPU${beside === undefined ? '' : `, beside ${beside}`}`;

const problemsOf = (problems: readonly string[]): string[] =>
  problems.length === 0 ? [] : [problems.map((problem) => `- ${problem}`).join('\n')];
const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;
const minutes = (value: number): string => `${(value / 60).toFixed(1)} min`;
const seconds = (value: number): string => `${value.toFixed(1)} s`;
const code = (text: string): string => `\`${text}\``;
const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
