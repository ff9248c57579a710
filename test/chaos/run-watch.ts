import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { RunResult, RunStatus } from '../../src/contract/run.js';
import { runWorkflowId } from '../../src/domain/names.js';
import { ControlFolder } from '../../src/platform/control/control-folder.js';
import type { Home } from '../../src/platform/home/home.js';
import { connectClient, plainServer } from '../../src/platform/temporal/connection.js';

/** Several times what a run takes with its longest fault, the wait of recovery included; one still open then is not going to end. */
export const END_MS = 8 * 60_000;
/** The sweep looks every two minutes. */
export const GONE_MS = 150_000;

const LOOK_MS = 500;
/** A server that is stopped answers nothing. */
const ANSWER_MS = 3_000;

export interface Look {
  /** As the server closes the newest execution, in lower case; `open`, or `parked`, while it does not. */
  state: string;
  /** The one that it is in, or was last. */
  stage: string;
}

export const isClosed = ({ state }: Look): boolean => !['open', 'parked', 'unknown'].includes(state);

/** How a run is, whatever execution and whatever server it is on. */
export class RunWatch {
  private connected: { address: string; client: Client } | null = null;

  constructor(
    private readonly home: Home,
    private readonly runKey: string,
  ) {}

  /** The first look that is such; the last one, when there was none within the time. */
  async until(isSuch: (look: Look) => boolean, milliseconds: number): Promise<Look> {
    const end = Date.now() + milliseconds;
    let last: Look = { state: 'unknown', stage: 'unknown' };
    while (Date.now() < end) {
      last = (await this.look()) ?? last;
      if (isSuch(last)) break;
      await delay(LOOK_MS);
    }
    return last;
  }

  /** Of a run that has completed. */
  async result(): Promise<RunResult> {
    const client = await this.client();
    if (client === null) throw new Error(`no server of this home is up to ask for the result of run ${this.runKey}`);
    return RunResult.parse(await client.workflow.getHandle(runWorkflowId(this.runKey)).result());
  }

  async close(): Promise<void> {
    await this.connected?.client.connection.close();
    this.connected = null;
  }

  /** null: nobody answers now, which is what is done to it. */
  private async look(): Promise<Look | null> {
    try {
      const client = await this.client();
      if (client === null) return null;
      const handle = client.workflow.getHandle(runWorkflowId(this.runKey));
      return await client.withDeadline(Date.now() + ANSWER_MS, async () => {
        const { status } = await handle.describe();
        const { parked, stage } = RunStatus.parse(await handle.query('status'));
        const isOpen = status.name === 'RUNNING' || status.name === 'PAUSED';
        return { state: !isOpen ? status.name.toLowerCase() : parked === null ? 'open' : 'parked', stage };
      });
    } catch {
      return null;
    }
  }

  /** Of the server that runs now: one that is started again may have another port. */
  private async client(): Promise<Client | null> {
    const server = (await new ControlFolder(this.home.control()).running())?.server ?? null;
    if (server === null) return null;
    if (this.connected?.address !== server.address) {
      await this.close();
      this.connected = { address: server.address, client: await connectClient(plainServer(server.address, server.namespace)) };
    }
    return this.connected.client;
  }
}
