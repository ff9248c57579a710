import { STAGES } from '../../src/contract/kinds.js';
import { CELLS, CHAOS_FAULTS, nameOf, type Cell, type ChaosFault } from './cells.js';
import type { CellResult, ChaosResults } from './result.js';

const STRUCK = STAGES.filter((stage) => CELLS.some((cell) => cell.stage === stage));

/** The section of docs/durability.md: a table of fault by stage, with what has to come of each cell and what came. */
export function chaosSection(results: ChaosResults | null): string[] {
  return [
    '## Every stage',
    PURPOSE,
    results === null ? NOT_MEASURED : conditions(results),
    matrix(results),
    ...wrong(results),
    PASSED,
  ];
}

const PURPOSE = `Training is most of what a run pays for, and not where all of its faults come. \`npm run chaos\` strikes a short run once, at a random moment of the named stage, with everything real. The end of each cell is expected beforehand, in test/chaos/cells.ts: _completed_; _recovered_, by another execution that the schedule has started; _raised_, parked at its cap within the stage, its machines gone, then let go on by \`formwork raise\`; _parked_, _cancelled_, _terminated_.`;

const NOT_MEASURED = 'Not measured in one go yet: the table has what has to come of each cell.';

const PASSED = `A cell has passed when the run has ended so, nothing of it is left (processes by a scan of all of the machine, the provider's list, and after \`formwork down\` also listeners, locks, mounts), and its ledger adds up to the provider's own files to the millisecond; when weights, published weights, the exact loss of every step and rank along the line of descent, and the answers on test are those of the unbroken run, where it has completed; and when the test split was asked by one evaluation, after the choice of an epoch. At a cap it may have spent no more than what its nodes cost until the next renewal.`;

function conditions({ machine, seed, lanes, unbrokenSeconds, seconds, cells }: ChaosResults): string {
  const beside = machine.beside === undefined ? '' : `, beside ${machine.beside}`;
  const passed = cells.filter(({ state }) => state === 'passed').length;
  return `Taken on ${machine.cores} x86-64 cores with ${machine.memoryGib} GiB and no GPU${beside}: ${cells.length} cells, ${lanes} at once, in ${Math.round(seconds / 60)} minutes; ${passed} passed. The unbroken run took ${unbrokenSeconds} s, alone. Seed ${seed}. In a cell: how it ended, and after how many seconds from the command; with more than one execution, or machines beyond the first two, how many.`;
}

function matrix(results: ChaosResults | null): string {
  const rows = (Object.keys(CHAOS_FAULTS) as ChaosFault[]).map((fault) => [
    CHAOS_FAULTS[fault],
    ...STRUCK.map((stage) => {
      const cell = CELLS.find((one) => one.fault === fault && one.stage === stage);
      return cell === undefined
        ? ''
        : inWords(
            cell,
            results?.cells.find(({ name }) => name === nameOf(cell)),
          );
    }),
  ]);
  const lines = [['what is done', ...STRUCK], ['---', ...STRUCK.map(() => '---')], ...rows];
  return lines.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function inWords({ end }: Cell, result: CellResult | undefined): string {
  if (result === undefined) return end;
  if (result.state !== 'passed') return `**${result.state}** (${end})`;
  const executions = result.executions > 1 ? `, ${result.executions} executions` : '';
  const nodes = result.nodes > 2 ? `, ${result.nodes} machines` : '';
  return `${result.end}, ${result.seconds} s${executions}${nodes}`;
}

function wrong(results: ChaosResults | null): string[] {
  const lines = (results?.cells ?? []).flatMap(({ name, why, problems, leftOver }) =>
    [...problems, ...leftOver.map((one) => `left over: ${one}`), ...(why === undefined ? [] : [why])].map(
      (text) => `- \`${name}\`: ${text}`,
    ),
  );
  return lines.length === 0 ? [] : [lines.join('\n')];
}
