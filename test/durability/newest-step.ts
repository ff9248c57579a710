import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** Events of a few hundred bytes each: the newest step is among the last of them. */
const TAIL_BYTES = 16 * 1024;

/**
 * The newest step that a rank has told of in this trajectory, 0 before the first. Reads the end of its file alone: it is asked for many
 * times a second beside ranks that need the cores.
 */
export function newestStep(nodes: string, trajectory: number, rank: number): number {
  const files = (existsSync(nodes) ? readdirSync(nodes) : [])
    .map((node) => join(nodes, node, 'work', 'jobs', `round-0-t${trajectory}`, 'events', `rank-${rank}.jsonl`))
    .filter(existsSync);
  return Math.max(0, ...files.map((file) => stepIn(tailOf(file))));
}

function stepIn(tail: string): number {
  const told = [...tail.matchAll(/^\{.*"kind": ?"step".*\}$/gm)].at(-1);
  return told === undefined ? 0 : (JSON.parse(told[0]) as { step: number }).step;
}

function tailOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, tail, 0, tail.length, size - tail.length);
    return tail.toString('utf8', 0, tail.lastIndexOf(0x0a) + 1);
  } finally {
    closeSync(file);
  }
}
