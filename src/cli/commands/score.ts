import { readFile } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import { TASKS, type TaskName } from '../../contract/kinds.js';
import { Failure } from '../../domain/failures.js';
import { estimate } from '../../report/format.js';
import { scoreFiles } from '../../tasks/score-files.js';
import { taskNamed } from '../../tasks/registry.js';

interface ScoreOptions {
  references: string;
  predictions: string;
  json?: boolean;
}

export const scoreCommand = (): Command =>
  new Command('score')
    .description('judge any predictions; needs no GPU and no server')
    .addArgument(new Argument('<task>', 'whose judge').choices(TASKS))
    .requiredOption('--references <file>', 'JSON Lines of the task\'s own rows plus id, e.g. {"id","ref","mr"} for viggo')
    .requiredOption('--predictions <file>', 'JSON Lines of {"id","prediction"}')
    .option('--json', 'the summary as JSON too, on the last line')
    .addHelpText('after', '\nExample:\n  formwork score viggo --references test.jsonl --predictions mine.jsonl\n')
    .action(async (name: TaskName, options: ScoreOptions) => {
      const { scores, summary } = scoreFiles(
        taskNamed(name),
        await readLines(options.references),
        await readLines(options.predictions),
      );
      const write = (line: string): void => void process.stdout.write(`${line}\n`);
      for (const { id, verdict, correct, parts, rule, evidence } of scores) {
        write(JSON.stringify({ id, verdict, correct, parts, rule, evidence }));
      }
      if (options.json === true) return write(JSON.stringify(summary));
      write(`${estimate(summary.accuracy)} of ${summary.items} items right: ${summary.headline}`);
      for (const [part, share] of Object.entries(summary.parts)) write(`  ${part.padEnd(12)} ${estimate(share)}`);
    });

async function readLines(path: string): Promise<{ name: string; lines: unknown[] }> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(
      'InvalidData',
      `${path} cannot be read (${error.code}); give the path of a JSON Lines file`,
      {},
      { cause: error },
    );
  });
  const lines = text.split('\n').flatMap((line, index): unknown[] => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line)];
    } catch (error) {
      throw new Failure(
        'InvalidData',
        `${path} line ${index + 1} is not JSON: ${(error as Error).message}; correct that line`,
        {},
        { cause: error },
      );
    }
  });
  return { name: path, lines };
}
