import { Command } from 'commander';
import { Failure, FAILURES } from '../domain/failures.js';
import { formworkVersion } from '../platform/package-root.js';
import { cancelCommand } from './commands/cancel.js';
import { doctorCommand } from './commands/doctor.js';
import { downCommand } from './commands/down.js';
import { faultCommand } from './commands/fault.js';
import { ledgerCommand } from './commands/ledger.js';
import { linksCommand } from './commands/links.js';
import { listCommand } from './commands/list.js';
import { logsCommand } from './commands/logs.js';
import { planCommand } from './commands/plan.js';
import { pruneCommand } from './commands/prune.js';
import { raiseCommand } from './commands/raise.js';
import { reportCommand } from './commands/report.js';
import { retryCommand } from './commands/retry.js';
import { resumeCommand } from './commands/resume.js';
import { runCommand } from './commands/run.js';
import { scheduleCommand } from './commands/schedule.js';
import { schemaCommand } from './commands/schema.js';
import { scoreCommand } from './commands/score.js';
import { startCommand } from './commands/start.js';
import { statusCommand } from './commands/status.js';
import { tryCommand } from './commands/try.js';
import { upCommand } from './commands/up.js';
import { watchCommand } from './commands/watch.js';
import { EXIT, exitCodeOfFailure } from './exit-codes.js';
import { beginOutput, endOutput } from './output.js';

const program = new Command('formwork')
  .description('Fine-tunes a language model as one durable workflow: data, cluster, training, evaluation, report.')
  .version(formworkVersion)
  .showSuggestionAfterError()
  .configureHelp({ sortSubcommands: false });
withExitCodes(program);

for (const command of [
  startCommand,
  upCommand,
  downCommand,
  runCommand,
  watchCommand,
  statusCommand,
  retryCommand,
  raiseCommand,
  resumeCommand,
  listCommand,
  scheduleCommand,
  logsCommand,
  cancelCommand,
  reportCommand,
  ledgerCommand,
  tryCommand,
  planCommand,
  schemaCommand,
  scoreCommand,
  doctorCommand,
  pruneCommand,
  faultCommand,
  linksCommand,
]) {
  program.addCommand(withExitCodes(command()));
}

beginOutput();
try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = exitCodeOfFailure(error);
}
await endOutput();
// A connection that is still closing must not hold the process.
process.exit();

/** A wrong command line is bad input like any other; help and version end well. */
function withExitCodes(command: Command): Command {
  for (const part of command.commands) withExitCodes(part);
  return command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ok : EXIT.badInput));
}

function explain(error: unknown): string {
  if (!(error instanceof Failure)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { remedy } = FAILURES[error.kind];
  // What a run gets over by itself, nobody tries again for a command.
  return `${error.kind}: ${error.message}${remedy.startsWith('nothing') ? '' : `\nWhat to do: ${remedy}.`}`;
}
