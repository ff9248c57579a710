import type { Client } from '@temporalio/client';
import { localCompute } from '../platform/compute/local-nodes.js';
import { ControlFolder } from '../platform/control/control-folder.js';
import { readEnvironment, type FormworkEnvironment } from '../platform/environment.js';
import { Home } from '../platform/home/home.js';
import type { LedgerBook } from '../platform/ledger/port.js';
import { StoredLedger } from '../platform/ledger/stored-ledger.js';
import { FileStore } from '../platform/object-store/file-store.js';
import type { ObjectStore } from '../platform/object-store/port.js';
import { configuredServer, connectClient, plainServer, type ServerTarget } from '../platform/temporal/connection.js';
import { Failure } from '../domain/failures.js';

/** What a command works with. Opening it touches nothing but the home directory. */
export class CliContext {
  readonly environment: FormworkEnvironment;
  readonly home: Home;
  readonly store: ObjectStore;
  readonly control: ControlFolder;

  private constructor() {
    this.environment = readEnvironment(process.env, process.cwd());
    this.home = new Home(this.environment.home);
    this.store = new FileStore(this.home.store());
    this.control = new ControlFolder(this.home.control());
  }

  static async open(): Promise<CliContext> {
    const context = new CliContext();
    await context.home.open();
    return context;
  }

  /** What runs have paid, by the store and the provider. */
  ledger(): LedgerBook {
    return new StoredLedger(this.store, localCompute(this.home, process.env));
  }

  /** The server that commands ask: the one the environment names, else ours if it is up. */
  async server(): Promise<ServerTarget & { uiUrl: string | null }> {
    const running = await this.control.running();
    const configured = configuredServer();
    if (configured !== null) return { ...configured, uiUrl: running?.server.uiUrl ?? process.env['TEMPORAL_UI_URL'] ?? null };
    if (running === null)
      throw new Failure('Unreachable', 'no server of ours is up; start it with formwork up, or set TEMPORAL_ADDRESS');
    return { ...plainServer(running.server.address, running.server.namespace), uiUrl: running.server.uiUrl };
  }

  /** Runs `act` with a connected client, and closes the connection whatever happens. */
  async withClient<T>(
    act: (client: Client, server: { uiUrl: string | null; namespace: string; address: string }) => Promise<T>,
  ): Promise<T> {
    const server = await this.server();
    const client = await connectClient(server);
    try {
      return await act(client, server);
    } finally {
      await client.connection.close();
    }
  }
}
