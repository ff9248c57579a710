import { format, resolveConfig } from 'prettier';
import { packageFile } from '../../src/platform/package-root.js';
import { pairedRatio } from './paired-ratio.js';
import type { Results, Share } from './result.js';

/** CPU-seconds outside the ranks, as a share of theirs. */
export function shareOf(byRole: Readonly<Record<string, number>>): number {
  const ranks = byRole['rank'] ?? 0;
  return (sum(byRole) - ranks) / ranks;
}

/** docs/cost.md, formatted as every page is. */
export async function costPage(results: Results, mostShare: number): Promise<string> {
  const style = await resolveConfig(packageFile('docs', 'cost.md'));
  return format(pageText(results, mostShare), { ...style, parser: 'markdown' });
}

function pageText({ share, wall }: Results, mostShare: number): string {
  return [
    '# What durability costs',
    '<!-- Written by `npm run cost`. -->',
    PURPOSE,
    '## Processors',
    ...(share === null ? [NOT_MEASURED] : processors(share, mostShare)),
    '## Time',
    ...(wall === null ? [NOT_MEASURED] : time(wall)),
    '## Running it',
    RUNNING,
  ]
    .join('\n\n')
    .concat('\n');
}

const PURPOSE = `Beside the ranks of a run there are a server, a control host and its worker, a host and a worker for each node, a supervisor for each node's ranks, and the terminal that watches. What they take from training is measured here on the smallest machine that formwork is for, where they share the cores with the ranks.`;
const NOT_MEASURED = 'Not measured.';
const RUNNING = `\`npm run cost\` measures both, in about half an hour on an idle machine, and writes this page; \`npm run cost -- share\` and \`npm run cost -- wall\` measure one of them. \`--minutes 1\` and \`--pairs 1\` are for trying out: they print, and keep nothing. CPU-seconds need Linux.`;

function processors(share: NonNullable<Results['share']>, mostShare: number): string[] {
  const found = shareOf(share.training);
  const roles = Object.keys(share.training).sort((a, b) => (share.training[b] ?? 0) - (share.training[a] ?? 0));
  const seconds = (value: number | undefined): string => (value ?? 0).toFixed(1);
  const percent = (by: Share['training'], role: string): string => `${((100 * (by[role] ?? 0)) / (by['rank'] ?? 0)).toFixed(2)} %`;
  const outside = (by: Share['training']): number => sum(by) - (by['rank'] ?? 0);
  return [
    `CPU-seconds, user and system, of every process of a run over ${(share.seconds / 60).toFixed(1)} minutes of its training (the default request, \`tiny\`, two nodes of one rank, ${share.steps} steps), by the kernel's account in \`/proc/<pid>/stat\`: processes that ended meanwhile are included, through the parent that waited for them. **Outside the ranks: ${(100 * found).toFixed(2)} % of what the ranks used**; at most ${100 * mostShare} % are allowed.`,
    `Taken on ${machineOf(share)}. All other processes of the machine used ${share.elsewhere.toFixed(0)} CPU-seconds meanwhile.`,
    table(
      ['process', 'CPU-s', 'of the ranks'],
      [
        ...roles.map((role) => [
          role === 'rank' ? 'ranks' : role,
          seconds(share.training[role]),
          role === 'rank' ? '' : percent(share.training, role),
        ]),
        ['**outside the ranks**', seconds(outside(share.training)), `${(100 * found).toFixed(2)} %`],
      ],
    ),
    `From the command on, with the start of every process and all that comes before training, it is ${seconds(outside(share.sinceCommand))} CPU-seconds beside ${seconds(share.sinceCommand['rank'])} of ranks. What a rank used after the last look at it, up to a second, is in the former. It is told as one number, since a process that has ended is on the account of whoever waited for it.`,
  ];
}

function time(wall: NonNullable<Results['wall']>): string[] {
  const { value, low, high } = pairedRatio(
    wall.pairs.map(({ formwork, byHand }) => ({ numerator: formwork, denominator: byHand })),
  );
  const percent = (ratio: number): string => `${ratio < 1 ? '\u2212' : '+'}${Math.abs(100 * (ratio - 1)).toFixed(1)}`;
  return [
    `The same ranks in turn: a run by formwork, then its ranks once more by hand, with the command lines and the environment that the kernel has of the first, on the plan and the files of the first, and nothing of formwork around them. Seconds from the start of the first rank to the end of the last; the losses of all steps are compared and are the same to the last bit. **formwork took ${percent(value)} % [${percent(low)}, ${percent(high)}]** (95 %, Student's t over the logarithms of ${wall.pairs.length} ratios).`,
    `Taken on ${machineOf(wall)}.`,
    table(
      ['pair', 'steps', 'formwork', 'by hand', 'ratio'],
      wall.pairs.map(({ formwork, byHand, steps }, index) => [
        String(index + 1),
        String(steps),
        `${formwork.toFixed(1)} s`,
        `${byHand.toFixed(1)} s`,
        (formwork / byHand).toFixed(3),
      ]),
    ),
  ];
}

const machineOf = ({ machine }: { machine: { cores: number; memoryGib: number } }): string =>
  `${machine.cores} x86-64 cores with ${machine.memoryGib} GiB and no GPU`;
const sum = (byRole: Readonly<Record<string, number>>): number =>
  Object.values(byRole).reduce((total, seconds) => total + seconds, 0);

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
