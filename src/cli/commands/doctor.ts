import { access, constants } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { Command } from 'commander';
import { Failure } from '../../domain/failures.js';
import { SWEEP_ID } from '../../domain/names.js';
import { storeSizes } from '../../domain/store-sizes.js';
import { reasonToEnd } from '../../domain/sweep.js';
import { totalBytes } from '../../domain/total-bytes.js';
import { localCompute } from '../../platform/compute/local-nodes.js';
import { homeSizes } from '../../platform/home/home-sizes.js';
import { findGpus } from '../../platform/planning/local-gpus.js';
import { checkPythonEnvironment, findBasePython, findPythonEnvironment } from '../../platform/python/python-environment.js';
import { findServerBinary } from '../../platform/temporal/server-binary.js';
import { connectClient } from '../../platform/temporal/connection.js';
import { TemporalRunDirectory } from '../../platform/temporal/run-directory.js';
import { bytes } from '../../report/format.js';
import { CliContext } from '../context.js';
import { EXIT } from '../exit-codes.js';

/** A run of the practice task writes about 0.3 GB; a margin for a second one and the server's file. */
const LEAST_FREE_GIGABYTES = 2;

interface Finding {
  what: string;
  ok: boolean;
  /** What was found, or how to mend it. */
  detail: string;
}

export const doctorCommand = (): Command =>
  new Command('doctor')
    .description('check server, Python environment, GPUs, store, disk and nodes: each is ok, or how to mend it')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  formwork doctor\n')
    .action(async (options: { json?: boolean }) => {
      const context = await CliContext.open();
      const findings = [
        await check('node', () => Promise.resolve(`Node ${process.versions.node} on ${process.platform} ${process.arch}`)),
        await check('python', () => checkPython(context)),
        await check('server', () => checkServer(context)),
        await check('machine', async () => {
          const gpus = await findGpus();
          const found = gpus.length === 0 ? 'no GPU: ranks compute on the CPU' : gpus.map(({ name }) => name).join(', ');
          return `${cpus().length} cores, ${(totalmem() / 1e9).toFixed(0)} GB memory, ${found}`;
        }),
        await check('store', async () => {
          await access(context.home.store(), constants.W_OK);
          return `${context.store.uri}, ${sizesInWords(storeSizes(await context.store.list('')))}`;
        }),
        await check('home', async () => sizesInWords(await homeSizes(context.home))),
        await check('disk', () => checkDisk(context)),
        await check('nodes', () => checkNodes(context)),
      ];
      if (options.json === true) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
      else
        for (const { what, ok, detail } of findings)
          process.stdout.write(`${ok ? 'ok  ' : 'MEND'}  ${what.padEnd(8)}  ${detail}\n`);
      if (findings.some(({ ok }) => !ok)) process.exitCode = EXIT.notReady;
    });

async function check(what: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, detail: await look() };
  } catch (error) {
    return { what, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function checkPython({ environment, home }: CliContext): Promise<string> {
  const python = environment.python ?? (await findPythonEnvironment(home));
  if (python === null)
    throw new Failure('EnvironmentNotReady', `no environment yet; npm start makes one from ${await findBasePython()}`);
  const versions = await checkPythonEnvironment(python);
  return `${python}, torch ${versions['torch'] ?? '?'}, deepspeed ${versions['deepspeed'] ?? '?'}`;
}

async function checkServer(context: CliContext): Promise<string> {
  const running = await context.control.running();
  const target = await context.server().catch(() => null);
  if (target !== null) {
    await (await connectClient(target)).connection.close();
    return `${target.address} answers${running === null ? '' : `, Web UI ${running.server.uiUrl ?? 'unknown'}`}`;
  }
  const binary = await findServerBinary(context.home, process.env);
  if (binary === null)
    throw new Failure('EnvironmentNotReady', 'no Temporal server is installed; npm start installs one, or set TEMPORAL_ADDRESS');
  return `not up; formwork up starts ${binary}`;
}

/** Machines that nobody owns are what the bill is made of; the sweep ends them, where it runs. */
async function checkNodes(context: CliContext): Promise<string> {
  const nodes = await localCompute(context.home, process.env).list({ installation: await context.home.installation() });
  if (nodes.length === 0) return 'none';
  const last =
    nodes
      .map(({ deadline }) => deadline)
      .sort()
      .at(-1) ?? '';
  if ((await context.server().catch(() => null)) === null) {
    return `${nodes.length}, and no server to ask for their leases; each ends itself at its deadline, the last one at ${last}`;
  }
  const now = new Date();
  const states = await context.withClient(async (client) => {
    const runs = new TemporalRunDirectory(client);
    return Promise.all(nodes.map(({ tags }) => runs.stateOf(tags.lease)));
  });
  const orphans = nodes.flatMap((node, index) => {
    const reason = reasonToEnd(node, states[index] ?? 'unknown', now);
    return reason === null ? [] : [`${node.nodeId}: ${reason}`];
  });
  if (orphans.length === 0) return `${nodes.length}, none of which the sweep would end now`;
  throw new Failure(
    'EnvironmentNotReady',
    `${orphans.length} of ${nodes.length} without an owner (${orphans.join('; ')}); the schedule ${SWEEP_ID} ends them within minutes, formwork down at once`,
  );
}

/** e.g. "1.2 GB: checkpoints 1.0 GB, logs 0.2 GB". */
function sizesInWords(sizes: readonly { kind: string; bytes: number }[]): string {
  const parts = sizes.map((one) => `${one.kind} ${bytes(one.bytes)}`);
  return parts.length === 0 ? 'empty' : `${bytes(totalBytes(sizes))}: ${parts.join(', ')}`;
}

async function checkDisk({ home }: CliContext): Promise<string> {
  const gigabytes = (await home.freeBytes()) / 1e9;
  const text = `${gigabytes.toFixed(1)} GB free for ${home.root}`;
  if (gigabytes < LEAST_FREE_GIGABYTES)
    throw new Failure('DiskFull', `${text}; formwork prune shows what can go, or set FORMWORK_HOME to another disk`);
  return text;
}
