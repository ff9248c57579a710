import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Ledger } from '../../src/contract/ledger.js';
import { NodeRecord } from '../../src/platform/compute/node-folder.js';
import type { Sandbox } from './sandbox.js';

/** Milliseconds that each node of a run was there, by the provider's own files and by nothing of the ledger. */
function providedNodes(home: string, runKey: string): Record<string, number> {
  const folder = join(home, 'nodes');
  const read = (nodeId: string, file: string): unknown => JSON.parse(readFileSync(join(folder, nodeId, file), 'utf8'));
  const lives = readdirSync(folder).flatMap((nodeId): [string, number][] => {
    const { tags, launchedAt } = NodeRecord.parse(read(nodeId, 'node.json'));
    if (tags.runKey !== runKey) return [];
    const { at } = read(nodeId, 'terminated.json') as { at: string };
    return [[nodeId, Date.parse(at) - Date.parse(launchedAt)]];
  });
  return Object.fromEntries(lives);
}

/** In words, where a ledger is not what the provider's own list says, to the millisecond. For a run whose nodes have all ended. */
function ledgerProblems({ nodes, entries }: Ledger, home: string, runKey: string): string[] {
  const provided = providedNodes(home, runKey);
  const known = new Set([...Object.keys(provided), ...nodes.map(({ nodeId }) => nodeId)]);
  return [...known].flatMap((nodeId) => {
    const paid = provided[nodeId] ?? 0;
    const node = nodes.find((one) => one.nodeId === nodeId);
    const told = entries.reduce((sum, entry) => sum + (entry.nodeId === nodeId ? entry.milliseconds : 0), 0);
    return [
      ...(node?.milliseconds === paid
        ? []
        : [`${nodeId}: ${node?.milliseconds ?? 'no'} ms in the ledger, the provider has ${paid}`]),
      ...(told === paid ? [] : [`${nodeId}: what it did adds up to ${told} ms, of ${paid}`]),
      ...(node?.endIsKnown === false ? [`${nodeId}: the ledger does not know its end`] : []),
    ];
  });
}

/** The ledger of a run that has no nodes now; null: the command failed. With what in it is not as the provider's own list says. */
export async function settle(box: Sandbox, runKey: string): Promise<{ ledger: Ledger | null; problems: string[] }> {
  const asked = box.formwork(['ledger', runKey, '--json']);
  if ((await asked.ended) !== 0) return { ledger: null, problems: [`formwork ledger: ${asked.stdout}${asked.stderr}`] };
  const ledger = Ledger.parse(JSON.parse(asked.stdout));
  return { ledger, problems: ledgerProblems(ledger, box.home, runKey) };
}

/** The same, of a run in which nothing may be wrong. */
export async function settledLedger(box: Sandbox, runKey: string): Promise<Ledger> {
  const { ledger, problems } = await settle(box, runKey);
  expect(problems).toEqual([]);
  return ledger as Ledger;
}
