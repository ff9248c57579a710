import type { Client } from '@temporalio/client';
import { ensureControl } from '../platform/control/ensure-control.js';
import type { ControlRecord } from '../platform/control/control-folder.js';
import { isAlive, sendSignal } from '../platform/process/process-identity.js';
import { waitUntil } from '../platform/process/wait-until.js';
import { prepareMachine, type SetupReporter } from '../platform/setup/prepare-machine.js';
import { CliContext } from './context.js';
import type { StopRequest } from './stop-request.js';

/** Longer than the control host itself waits for runs to stop. */
const CLOSE_MS = 240_000;

/** A control plane that is up for as long as this command needs it. */
export class ControlSession {
  private constructor(
    readonly context: CliContext,
    private readonly record: ControlRecord,
    private readonly forever: boolean,
  ) {}

  static async open(options: { forever: boolean; setUp: boolean }): Promise<ControlSession> {
    const context = await CliContext.open();
    const { python } = await prepareMachine(context.home, context.environment, reporter);
    const env = { ...process.env, FORMWORK_PYTHON: python, FORMWORK_INSTALLATION: await context.home.installation() };
    const { record, joined } = await ensureControl(context.home, env, { forever: options.forever });
    const where = `${record.server.address}${record.server.uiUrl === null ? '' : `, Web UI ${record.server.uiUrl}`}`;
    process.stdout.write(joined ? `joined the server that is up at ${where}\n` : `server at ${where}\n`);
    return new ControlSession(context, record, options.forever);
  }

  withClient<T>(
    act: (client: Client, server: { uiUrl: string | null; namespace: string; address: string }) => Promise<T>,
  ): Promise<T> {
    return this.context.withClient((client, server) => act(client, { ...server, address: this.record.server.address }));
  }

  /** Lets the control plane go. When nobody else needs it, waits until nothing of it is left. */
  async close(stop: StopRequest): Promise<void> {
    if (this.forever) return;
    const { control } = this.context;
    await control.letGo();
    if ((await control.holders()).length > 0) return;
    if (stop.signal.aborted)
      process.stdout.write('stopping: runs write a checkpoint, then nodes, worker and server end (again Ctrl-C: at once)\n');
    const host = this.record.host;
    stop.hard.addEventListener('abort', () => {
      void sendSignal(host, 'SIGTERM').then(() => sendSignal(host, 'SIGTERM'));
    });
    const gone = await waitUntil(async () => !(await isAlive(host)), { timeoutMs: CLOSE_MS, everyMs: 100 });
    process.stdout.write(
      gone === null ? `the control host ${host.pid} is still stopping; see ${control.log('host')}\n` : 'stopped\n',
    );
  }
}

const reporter: SetupReporter = {
  begin: (name, detail) => void process.stdout.write(`${name}: ${detail} ...\n`),
  progress: (text) => void process.stdout.write(`  ${text}\n`),
  end: (seconds) => void process.stdout.write(`  done in ${seconds.toFixed(1)} s\n`),
};
