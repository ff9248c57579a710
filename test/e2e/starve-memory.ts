import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Several a step: one of them is taken while little is held. */
const LOOK_MS = 20;

/**
 * A Python that takes every larger block of memory from the kernel and gives it back at once, where the allocator of C would keep it:
 * so a limit that is set later is met by the next tensor.
 */
export function pythonThatKeepsNoMemory(path: string, python: string): string {
  writeFileSync(path, `#!/bin/sh\nMALLOC_MMAP_THRESHOLD_=65536 exec ${python} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Whether this machine can take memory from a process that runs (prlimit of util-linux). */
export function canStarve(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** From now on the kernel refuses this process all memory beyond the least that it is seen to hold. Resolves when it is gone. */
export async function starveMemory(pid: number): Promise<void> {
  for (let least = Infinity, held = sizeOf(pid); held !== null; held = sizeOf(pid)) {
    if (held < least) {
      least = held;
      limitMemory(pid, least);
    }
    await delay(LOOK_MS);
  }
}

function limitMemory(pid: number, bytes: number): void {
  try {
    execFileSync('prlimit', ['--pid', String(pid), `--as=${bytes}:`], { stdio: 'pipe' });
  } catch (error) {
    if (sizeOf(pid) !== null) throw error;
  }
}

/** Bytes of address space; null: the process is gone, or a zombie, which has none. */
function sizeOf(pid: number): number | null {
  try {
    const kilobytes = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
