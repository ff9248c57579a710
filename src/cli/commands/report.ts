import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Command } from 'commander';
import { Failure } from '../../domain/failures.js';
import { runKeys } from '../../domain/store-keys.js';
import { CliContext } from '../context.js';

export const reportCommand = (): Command =>
  new Command('report')
    .description('where the report of a run lies, or its text')
    .argument('<key>', 'run key')
    .option('--open', 'open it in a browser')
    .option('--markdown', 'print it as Markdown')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  formwork report viggo-4 --markdown | less\n')
    .action(async (runKey: string, options: { open?: boolean; markdown?: boolean; json?: boolean }) => {
      const { store, home } = await CliContext.open();
      const folder = runKeys.report(runKey);
      const name = options.json === true ? 'report.json' : options.markdown === true ? 'report.md' : 'report.html';
      const content = await store.get(`${folder}/${name}`);
      if (content === null) {
        throw new Failure(
          'InvalidRequest',
          `run ${runKey} has no report in ${store.uri}; formwork list shows the runs, formwork watch ${runKey} its state`,
        );
      }
      const path = join(home.store(), folder, name);
      process.stdout.write(options.json === true || options.markdown === true ? content : `${path}\n`);
      if (options.open === true) openInBrowser(path);
    });

function openInBrowser(path: string): void {
  const command = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(command, [path], { stdio: 'ignore', detached: true });
  child.once('error', () => process.stderr.write(`${command} is not there; open ${path} by hand\n`));
  child.unref();
}
