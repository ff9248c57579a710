import { Command, InvalidArgumentError } from 'commander';
import { Failure } from '../../domain/failures.js';
import { RAISE_UPDATE } from '../../domain/names.js';
import { CliContext } from '../context.js';
import { updateRun } from '../update-run.js';

export const raiseCommand = (): Command =>
  new Command('raise')
    .description('change what an open run may cost; one that is parked for that goes on at once')
    .argument('<key>', 'run key')
    .option('--max-spend-usd <amount>', 'what all its nodes may cost, over all its executions; none: no cap', amount)
    .option('--max-hourly-usd <amount>', 'what its nodes may cost an hour together; none: no cap', amount)
    .addHelpText('after', '\nExample:\n  formwork raise viggo-4 --max-spend-usd 20\n')
    .action(async (runKey: string, caps: { maxSpendUsd?: number | null; maxHourlyUsd?: number | null }) => {
      if (Object.keys(caps).length === 0)
        throw new Failure('InvalidRequest', 'expected --max-spend-usd or --max-hourly-usd, or both');
      const context = await CliContext.open();
      const answer = await context.withClient((client) => updateRun(client, context.store, runKey, RAISE_UPDATE, caps));
      process.stdout.write(`run ${runKey}: ${typeof answer === 'string' ? answer : JSON.stringify(answer)}\n`);
    });

function amount(text: string): number | null {
  if (text === 'none') return null;
  const usd = Number(text);
  if (text.trim() === '' || !Number.isFinite(usd) || usd <= 0)
    throw new InvalidArgumentError(`expected an amount in USD above 0, or none, got "${text}"`);
  return usd;
}
