import { nameOf, type Cell } from './cells.js';
import { runCell } from './run-cell.js';
import type { CellResult } from './result.js';
import { CHAOS_STRIKES } from './strikes.js';
import type { Unbroken } from './unbroken.js';

/** All of them, so many at once, each told when it is over. */
export async function runCells(
  cells: readonly Cell[],
  unbroken: Unbroken,
  { seed, lanes }: { seed: number; lanes: number },
  tell: (result: CellResult) => void,
): Promise<CellResult[]> {
  const left = [...cells];
  const results: CellResult[] = [];
  const lane = async (): Promise<void> => {
    for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
      const result = await carryOut(cell, unbroken, seed);
      results.push(result);
      tell(result);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const order = cells.map(nameOf);
  return results.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

async function carryOut(cell: Cell, unbroken: Unbroken, seed: number): Promise<CellResult> {
  const nothing = {
    name: nameOf(cell),
    what: '',
    end: '',
    executions: 0,
    nodes: 0,
    nodeSeconds: 0,
    problems: [],
    leftOver: [],
    seconds: 0,
  };
  const missing = CHAOS_STRIKES[cell.fault].missing?.() ?? null;
  if (missing !== null) return { ...nothing, state: 'not run', why: missing };
  try {
    return await runCell(cell, unbroken, seed);
  } catch (error) {
    return { ...nothing, state: 'broken', why: String(error) };
  }
}

/** For a terminal. */
export function lineOf({ name, state, end, what, why, seconds, problems, leftOver }: CellResult): string {
  const wrong = [...problems, ...leftOver.map((one) => `left over: ${one}`), ...(why === undefined ? [] : [why])];
  return [
    `${name.padEnd(28)} ${state.padEnd(8)} ${end.padEnd(11)} ${String(seconds).padStart(4)} s  ${what}`,
    ...wrong.map((one) => `  ${one}`),
  ]
    .join('\n')
    .trimEnd();
}
