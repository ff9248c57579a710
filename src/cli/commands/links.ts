import { Command } from 'commander';
import { CliContext } from '../context.js';
import { startLinks } from '../start-links.js';

export const linksCommand = (): Command =>
  new Command('links')
    .description(
      'links into the Web UI: its start form with a whole input to edit, the form for the practice run, the list of runs, and the form that makes a schedule',
    )
    .addHelpText('after', '\nExample:\n  formwork links\n')
    .action(async () => {
      const { uiUrl, namespace } = await (await CliContext.open()).server();
      for (const line of startLinks(uiUrl, namespace)) process.stdout.write(`${line}\n`);
    });
