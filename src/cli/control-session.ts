import type { Client } from '@temporalio/client';
import { ensureControl } from '../platform/control/ensure-control.js';
import type { ControlRecord } from '../platform/control/control-folder.js';
import { isAlive, sendSignal } from '../platform/process/process-identity.js';
import { waitUntil } from '../platform/process/wait-until.js';
import { prepareMachine } from '../platform/setup/prepare-machine.js';
import { CliContext } from './context.js';
import type { Narration } from './narration.js';
import { setupReporter } from './setup-reporter.js';
import type { StopRequest } from './stop-request.js';

/** Longer than the control host itself waits for runs to stop. */
const CLOSE_MS = 240_000;

/** A control plane that is up for as long as this command needs it. */
export class ControlSession {
  private constructor(
    readonly context: CliContext,
    private readonly record: ControlRecord,
    private forever: boolean,
    private readonly narration: Narration,
  ) {}

  static async open(options: { forever: boolean; narration: Narration }): Promise<ControlSession> {
    const context = await CliContext.open();
    const { python } = await prepareMachine(context.home, context.environment, setupReporter(options.narration.say));
    const env = { ...process.env, FORMWORK_PYTHON: python, FORMWORK_INSTALLATION: await context.home.installation() };
    const { record, joined } = await ensureControl(context.home, env, { forever: options.forever });
    const where = `${record.server.address}${record.server.uiUrl === null ? '' : `, Web UI ${record.server.uiUrl}`}`;
    options.narration.say(`${joined ? 'joined the server that is up at' : 'server at'} ${where}`);
    return new ControlSession(context, record, options.forever, options.narration);
  }

  withClient<T>(
    act: (client: Client, server: { uiUrl: string | null; namespace: string; address: string }) => Promise<T>,
  ): Promise<T> {
    return this.context.withClient((client, server) => act(client, { ...server, address: this.record.server.address }));
  }

  /** The control plane outlives this command, until `formwork down`. */
  async stayUp(): Promise<void> {
    await this.context.control.hold({ forever: true });
    this.forever = true;
  }

  /** Lets the control plane go, unless it is to stay. When nobody else needs it, waits until nothing of it is left. */
  async close(stop: StopRequest): Promise<void> {
    const { control } = this.context;
    await control.letGo();
    if (this.forever) return;
    if ((await control.holders()).length > 0) return;
    if (stop.signal.aborted)
      this.narration.say('stopping: runs write a checkpoint, then nodes, worker and server end (again Ctrl-C: at once)');
    const host = this.record.host;
    stop.hard.addEventListener('abort', () => {
      // Different ones, since two equal signals that are pending become one.
      void sendSignal(host, 'SIGTERM').then(() => sendSignal(host, 'SIGINT'));
    });
    const gone = await waitUntil(async () => !(await isAlive(host)), { timeoutMs: CLOSE_MS, everyMs: 100 });
    this.narration.say(gone === null ? `the control host ${host.pid} is still stopping; see ${control.log('host')}` : 'stopped');
  }
}
