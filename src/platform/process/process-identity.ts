import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** A process that can be recognised again: the kernel reuses numbers, but not a number with its start time. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** Identity of a running process, or null when nothing that runs has that number. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | null> {
  const startTime = process.platform === 'linux' ? await linuxStartTime(pid) : await psStartTime(pid);
  return startTime === null ? null : { pid, startTime };
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  const identity = await identifyProcess(process.pid);
  if (identity === null) throw new Error(`process ${process.pid} cannot see itself`);
  return identity;
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(identity.pid))?.startTime === identity.startTime;
}

/** Sends a signal to the process. False when it is gone already. */
export async function sendSignal(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  return (await isAlive(identity)) && killIfThere(identity.pid, signal);
}

/**
 * Kills what is left of the process group that the process led, also after its own end.
 * The kernel gives no new process the number of a group that has members, so a number in other hands means an empty group.
 */
export async function killGroup(leader: ProcessIdentity): Promise<void> {
  const now = await identifyProcess(leader.pid);
  if (now === null || now.startTime === leader.startTime) killIfThere(-leader.pid, 'SIGKILL');
}

/** `process.kill` that reports a process or group that is gone instead of throwing. */
export function killIfThere(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** The letter that the kernel gives a process, e.g. T for one that was stopped; null where it is gone, or the kernel is not Linux. */
export async function processState(pid: number): Promise<string | null> {
  return (await linuxStat(pid))?.[0] ?? null;
}

/** Number of the process that a process was started by, or was handed to since; null where it is gone, or the kernel is not Linux. */
export async function parentOf(pid: number): Promise<number | null> {
  const parent = (await linuxStat(pid))?.[1];
  return parent === undefined ? null : Number(parent);
}

/** Clock ticks since boot, field 22 of /proc/<pid>/stat; a zombie counts as gone. */
async function linuxStartTime(pid: number): Promise<string | null> {
  const fields = await linuxStat(pid);
  const [state, startTime] = [fields?.[0], fields?.[19]];
  return state === 'Z' || state === 'X' || startTime === undefined ? null : startTime;
}

/** Fields of /proc/<pid>/stat from the third on. */
async function linuxStat(pid: number): Promise<string[] | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The command name, field 2, is in parentheses and may hold blanks and parentheses itself.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? null;
}

async function psStartTime(pid: number): Promise<string | null> {
  const result = await execa('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { reject: false });
  const line = result.stdout.trim();
  return result.exitCode !== 0 || line === '' || line.startsWith('Z') ? null : line.split(/\s+/).slice(1).join(' ');
}
