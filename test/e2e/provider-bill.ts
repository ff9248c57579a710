import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Ledger } from '../../src/contract/ledger.js';
import type { Sandbox } from './sandbox.js';

/** Milliseconds that each node of a run was there, by the provider's own files and by nothing of the ledger. */
function providedNodes(home: string, runKey: string): Record<string, number> {
  const folder = join(home, 'nodes');
  const read = (nodeId: string, file: string): unknown => JSON.parse(readFileSync(join(folder, nodeId, file), 'utf8'));
  const lives = readdirSync(folder).flatMap((nodeId): [string, number][] => {
    const { tags, launchedAt } = read(nodeId, 'node.json') as { tags: { runKey: string }; launchedAt: string };
    if (tags.runKey !== runKey) return [];
    return [[nodeId, Date.parse((read(nodeId, 'terminated.json') as { at: string }).at) - Date.parse(launchedAt)]];
  });
  return Object.fromEntries(lives);
}

/** The ledger of a run whose nodes have all ended; it has to add up to the provider's own list, to the millisecond. */
export async function settledLedger(box: Sandbox, runKey: string): Promise<Ledger> {
  const asked = box.formwork(['ledger', runKey, '--json']);
  expect(await asked.ended, asked.stderr).toBe(0);
  const ledger = Ledger.parse(JSON.parse(asked.stdout));
  const provided = providedNodes(box.home, runKey);
  expect(Object.fromEntries(ledger.nodes.map(({ nodeId, milliseconds }) => [nodeId, milliseconds]))).toEqual(provided);
  const told = Object.fromEntries(Object.keys(provided).map((nodeId) => [nodeId, 0]));
  for (const { nodeId, milliseconds } of ledger.entries) told[nodeId] = (told[nodeId] ?? 0) + milliseconds;
  expect(told).toEqual(provided);
  expect(ledger.nodes.every(({ endIsKnown }) => endIsKnown)).toBe(true);
  return ledger;
}
