import { Command, InvalidArgumentError } from 'commander';
import { offeredFault } from '../../domain/fault-table.js';
import { breakRun, type BreakOptions } from '../break-run.js';
import { CliContext } from '../context.js';
import { faultList } from '../fault-lines.js';
import { say } from '../say.js';
import { StopRequest } from '../stop-request.js';

export const faultCommand = (): Command =>
  new Command('fault')
    .description('break a run on purpose, on the local provider, and say what to expect; formwork fault list names the ways')
    .argument('<kind>', 'what is done to it, or list')
    .option('--run <key>', 'run key')
    .option('--after-step <n>', 'wait until training has come to this step', positive)
    .option('--seconds <n>', 'how long a fault lasts that lasts; 60 unless given', positive)
    .addHelpText('after', '\nExample:\n  formwork fault kill-rank --run viggo-4 --after-step 100\n')
    .action(async (kind: string, options: BreakOptions) => {
      if (kind === 'list') {
        for (const line of faultList()) say(line);
        return;
      }
      const known = offeredFault(kind);
      const stop = new StopRequest();
      process.exitCode = await breakRun(await CliContext.open(), known, options, { say, signal: stop.signal });
    });

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number from 1 on.');
  return value;
}
