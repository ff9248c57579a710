import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { Failure } from '../../domain/failures.js';
import { runKeys } from '../../domain/store-keys.js';
import { knownRun } from '../../platform/control/open-runs.js';
import type { ObjectStore } from '../../platform/object-store/port.js';
import { TemporalRunDirectory } from '../../platform/temporal/run-directory.js';
import { CliContext } from '../context.js';
import { isRead } from '../output.js';
import { StopRequest } from '../stop-request.js';

/** Followers ship logs every five seconds. */
const FOLLOW_MS = 2_000;

interface LogsOptions {
  node?: string;
  rank?: string;
  follow?: boolean;
}

/** A piece of a rank's log in the store: `<prefix>/logs/rank-<n>/<from>-<to>`. */
const PART = /^(?<source>.*)\/logs\/rank-(?<rank>\d+)\/(?<from>\d+)-(?<to>\d+)$/;

export const logsCommand = (): Command =>
  new Command('logs')
    .description('what the ranks of a run wrote, from the object store')
    .argument('<key>', 'run key')
    .option('--node <n>', 'only this node of the cluster')
    .option('--rank <n>', 'only this rank')
    .option('--follow', 'go on with what comes')
    .addHelpText('after', '\nExample:\n  formwork logs viggo-4 --rank 1 --follow\n')
    .action(async (runKey: string, options: LogsOptions) => {
      const context = await CliContext.open();
      const { store } = context;
      const run = await knownRun(store, runKey);
      if (run.owner === null)
        throw new Failure('InvalidRequest', `there is no run ${runKey} in ${store.uri}; formwork list shows the runs`);
      const stop = new StopRequest();
      const printer = new LogPrinter(store, runKey, options);
      await printer.print();
      while (options.follow === true && isRead() && !stop.signal.aborted && (await isOpen(context, runKey))) {
        await delay(FOLLOW_MS, undefined, { signal: stop.signal }).catch(() => undefined);
        await printer.print();
      }
    });

/** Only an execution that is open writes more. */
async function isOpen(context: CliContext, runKey: string): Promise<boolean> {
  const { owner, ended } = await knownRun(context.store, runKey);
  if (ended !== null || owner === null) return false;
  return context.withClient(async (client) => (await new TemporalRunDirectory(client).stateOf(owner.workflowId)) === 'open');
}

class LogPrinter {
  /** Bytes printed of each log. */
  private readonly printed = new Map<string, number>();
  private heading = '';

  constructor(
    private readonly store: ObjectStore,
    private readonly runKey: string,
    private readonly options: LogsOptions,
  ) {}

  async print(): Promise<void> {
    for (const { key } of await this.store.list(`${runKeys.root(this.runKey)}/`)) {
      const part = PART.exec(key)?.groups;
      if (part === undefined || !this.isWanted(part)) continue;
      const log = `${part['source'] ?? ''}/rank-${part['rank'] ?? ''}`;
      const done = this.printed.get(log) ?? 0;
      if (Number(part['to']) <= done) continue;
      const text = (await this.store.get(key)) as Buffer;
      if (log !== this.heading) process.stdout.write(`==> ${log.slice(runKeys.root(this.runKey).length + 1)} <==\n`);
      this.heading = log;
      process.stdout.write(text.subarray(done - Math.min(done, Number(part['from']))));
      this.printed.set(log, Number(part['to']));
    }
  }

  private isWanted(part: Record<string, string>): boolean {
    const { node, rank } = this.options;
    return (
      (rank === undefined || part['rank'] === rank) && (node === undefined || (part['source'] ?? '').endsWith(`/node-${node}`))
    );
  }
}
