import { createInterface } from 'node:readline/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { PrunePolicy } from '../../domain/pruning.js';
import { parseTimeSpan } from '../../domain/time-span.js';
import { totalBytes } from '../../domain/total-bytes.js';
import { StorePrune } from '../../platform/pruning/prune-store.js';
import { bytes } from '../../report/format.js';
import { CliContext } from '../context.js';
import { alone, checkNamed, withPrune } from '../open-prune.js';
import { pruneLines } from '../prune-lines.js';

interface PruneOptions {
  olderThan?: number;
  keep?: number;
  maxSize?: number;
  run: string[];
  serverLost?: boolean;
  giveUp?: boolean;
  yes?: boolean;
  json?: boolean;
}

const UNIT_BYTES = { MB: 1e6, GB: 1e9, TB: 1e12 };

export const pruneCommand = (): Command =>
  new Command('prune')
    .description('what nobody needs any more, and what it would free; removes it with --yes')
    .option(
      '--older-than <age>',
      'thin out runs that ended so long ago, e.g. 30d, 12h',
      (text: string) => 1000 * parseTimeSpan('--older-than', text),
    )
    .option('--keep <n>', 'leave the newest runs as they are, thin out the others', parseCount)
    .option('--max-size <size>', 'thin out the oldest runs until the store is no larger, e.g. 200GB', parseSize)
    .option('--run <key>', 'remove this run wholly, its published model as well; may be repeated', collect, [])
    .option('--server-lost', 'the runs of --run are over, though no server that knows them can be asked')
    .option('--give-up', 'remove runs that are not done wholly, instead of leaving what they go on from')
    .option('--yes', 'remove it')
    .option('--json', 'print what goes as JSON')
    .addHelpText('after', '\nExample:\n  formwork prune --keep 10 --older-than 30d\n')
    .action(async (options: PruneOptions) => {
      const context = await CliContext.open();
      const { olderThan, keep, maxSize, run: named, giveUp } = options;
      const policy: PrunePolicy = {
        ...{ olderThanMs: olderThan ?? null, keep: keep ?? null, maxBytes: maxSize ?? null },
        ...{ named, giveUp: giveUp === true },
      };
      await checkNamed(context, named);
      const lost = options.serverLost === true ? named : [];
      await withPrune(context, policy, lost, async (acts) => {
        const plan = await acts.plan();
        const say = (lines: readonly string[]): void => {
          if (options.json !== true) process.stdout.write(`${lines.join('\n')}\n`);
        };
        say(pruneLines(plan, policy.maxBytes));
        const size = bytes(totalBytes(plan.removals));
        const isWanted = plan.removals.length > 0 && (options.yes === true || (options.json !== true && (await isConfirmed(size))));
        const removed = isWanted ? await alone(context, () => new StorePrune(acts, plan.removals).run()) : null;
        if (options.json === true) process.stdout.write(`${JSON.stringify({ ...plan, removed }, null, 2)}\n`);
        if (removed !== null) say([`removed ${bytes(totalBytes(removed))}`, ...spared(plan.removals.length - removed.length)]);
        else if (plan.removals.length > 0) say([`Nothing was removed. With --yes this frees ${size}.`]);
      });
    });

const spared = (number: number): string[] =>
  number === 0 ? [] : [`${number} of it stayed: it has come into use since it was listed, or the prune of before has removed it`];

/** Only somebody who has read what goes can say so. */
async function isConfirmed(size: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`Remove these ${size}? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number of runs, e.g. 10.');
  return Number(text);
}

function parseSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([MGT]B)$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('expected a size in MB, GB or TB, e.g. 200GB.');
  return Number(number) * UNIT_BYTES[unit as keyof typeof UNIT_BYTES];
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value];
