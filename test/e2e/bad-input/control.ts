import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { FineTuningRequest } from '../../../src/contract/request.js';
import { runKeys } from '../../../src/domain/store-keys.js';
import { packageFile } from '../../../src/platform/package-root.js';
import { mountDisk } from '../../fixtures/small-disk.js';
import { FormworkProcess, Sandbox } from '../sandbox.js';
import type { CommandLine } from './bad-input.js';
import { TAKEN_RUN_KEY } from './bad-requests.js';
import { folderRecord } from './folder-record.js';
import { startForm, startFromForm, type StartForm, type WebRefusal } from './web-start.js';

const USUAL_PORTS = [7233, 8233];
/** Holds the server's file and logs; small enough to be filled in a moment. */
const HOME_MEGABYTES = 256;

/** A formwork that is up, with a home on a disk of its own where one can be mounted, and the usual ports taken by somebody else. */
export class Control {
  readonly box = new Sandbox();
  /** FORMWORK_PYTHON of server and commands: a link, which a case may break. */
  readonly python = join(this.box.root, 'python');
  private readonly others: Server[] = [];
  private unmount: (() => void) | null = null;
  private connection!: Connection;
  private client!: Client;
  private form!: StartForm;
  /** What `formwork up` said. */
  said = '';
  /** Of its server. */
  address = '';

  async open(): Promise<void> {
    const { box } = this;
    mkdirSync(box.home);
    this.unmount = mountDisk(box.home, HOME_MEGABYTES);
    this.mendPython();
    for (const port of USUAL_PORTS) await this.takePort(port);
    const up = box.formwork(['up'], { FORMWORK_PYTHON: this.python });
    if ((await up.ended) !== 0) throw new Error(`formwork up failed:\n${up.stdout}${up.stderr}`);
    this.said = up.stdout;
    const links = box.formwork(['links']);
    await links.ended;
    this.form = startForm(links.stdout);
    this.address = /server at (\S+?),/.exec(up.stdout)?.[1] ?? '';
    this.connection = await Connection.connect({ address: this.address });
    this.client = new Client({ connection: this.connection, namespace: this.form.namespace });
    this.claimTakenKey();
  }

  /** Listens where nobody does, and answers nothing. @returns the port. */
  async takePort(port: number): Promise<number> {
    const server = createServer();
    const taken = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!taken) return port;
    this.others.push(server);
    return (server.address() as AddressInfo).port;
  }

  fromForm(input: unknown): Promise<WebRefusal> {
    return startFromForm(this.client, this.form, input);
  }

  /** Runs a command in a folder; its home is ours unless it names another. */
  async command({ args, entry = 'bin/formwork.mjs', env = {}, home = this.box.home }: CommandLine, folder: string): Promise<Ended> {
    const child = spawn(process.execPath, [packageFile(entry), ...args], {
      cwd: folder,
      env: { ...process.env, FORMWORK_PYTHON: this.python, ...env, FORMWORK_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = new FormworkProcess(child);
    return { exit: await running.ended, stdout: running.stdout, stderr: running.stderr };
  }

  /** Takes the Python away that nodes would run on, for the time of `act`. */
  async withoutPython<T>(act: () => Promise<T>): Promise<T> {
    rmSync(this.python);
    try {
      return await act();
    } finally {
      this.mendPython();
    }
  }

  /** Leaves this much of the home's disk free, for the time of `act`; null where the disk is not ours to fill. */
  async withFree<T>(bytes: number, act: () => Promise<T>): Promise<T | null> {
    if (this.unmount === null) return null;
    const { bavail, bsize } = statfsSync(this.box.home);
    const filler = join(this.box.home, 'filler');
    execFileSync('fallocate', ['--length', String(bavail * bsize - bytes), filler]);
    try {
      return await act();
    } finally {
      rmSync(filler);
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.box.formwork(['down']).ended;
    for (const server of this.others) server.close();
    this.unmount?.();
    await this.box.close();
  }

  /** What must be as it was after every case. */
  record(home = this.box.home): Record<string, string> {
    return { ...folderRecord(join(home, 'store')), ...folderRecord(join(home, 'nodes')) };
  }

  /** Leases that were ever asked for. */
  async leases(): Promise<number> {
    return (await this.client.workflow.count('WorkflowType = "clusterLease"')).count;
  }

  private mendPython(): void {
    const { FORMWORK_PYTHON: python } = process.env;
    if (python === undefined) throw new Error('these tests need FORMWORK_PYTHON; npm test sets it');
    writeFileSync(this.python, `#!/bin/sh\nexec '${python}' "$@"\n`, { mode: 0o755 });
  }

  private claimTakenKey(): void {
    const path = join(this.box.home, 'store', runKeys.request(TAKEN_RUN_KEY));
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, JSON.stringify(FineTuningRequest.parse({ runKey: TAKEN_RUN_KEY })));
  }
}

export interface Ended {
  exit: number | null;
  stdout: string;
  stderr: string;
}
