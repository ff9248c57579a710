import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { identifyProcess, type ProcessIdentity } from './process-identity.js';

export interface DetachedProcess {
  command: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Both output streams are appended to this file, so that they outlive the process that started it. */
  log: string;
}

/** Starts a process that leads its own session and process group and outlives its starter. */
export async function startDetached(options: DetachedProcess): Promise<ProcessIdentity> {
  mkdirSync(dirname(options.log), { recursive: true });
  const log = openSync(options.log, 'a');
  try {
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
    const pid = child.pid as number;
    // A process that has ended already has no start time; an empty one matches nothing that runs.
    return (await identifyProcess(pid)) ?? { pid, startTime: '' };
  } finally {
    closeSync(log);
  }
}
