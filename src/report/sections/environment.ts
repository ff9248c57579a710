import type { NodeFacts } from '../../contract/cluster.js';
import type { RunReport } from '../../contract/report.js';
import { bytes, count, counted } from '../format.js';
import type { Section, Table } from '../report-document.js';

export function environment({ nodes }: RunReport): Section | null {
  if (nodes.length === 0) return null;
  return { id: 'environment', title: 'Environment', blocks: [machines(nodes), packages(nodes)] };
}

function machines(nodes: readonly NodeFacts[]): Table {
  return {
    kind: 'table',
    caption: 'Nodes',
    columns: [
      { name: 'Node' },
      { name: 'Host' },
      { name: 'Device', prose: true },
      { name: 'CPU cores', numeric: true },
      { name: 'Memory', numeric: true },
      { name: 'Free disk', numeric: true },
      { name: 'Rank address' },
      { name: 'Python' },
    ],
    rows: nodes.map((node, index) => [
      count(index),
      node.hostname,
      device(node),
      count(node.cpuCores),
      bytes(node.memoryBytes),
      bytes(node.freeDiskBytes),
      `${node.rankAddress} (${node.rankInterface})`,
      node.python,
    ]),
  };
}

function device({ device: kind, gpus }: NodeFacts): string {
  if (gpus.length === 0) return kind;
  return `${kind}: ${gpus.map((gpu) => `${gpu.name} (${bytes(gpu.memoryBytes)})`).join(', ')}`;
}

/** One column where all nodes have the same packages, else one a node: a difference between nodes is worth seeing. */
function packages(nodes: readonly NodeFacts[]): Table {
  const names = [...new Set(nodes.flatMap((node) => Object.keys(node.packages)))].sort();
  const isSame = names.every((name) => new Set(nodes.map((node) => node.packages[name])).size === 1);
  const shown = isSame ? nodes.slice(0, 1) : nodes;
  return {
    kind: 'table',
    caption: isSame
      ? `Python packages, the same on ${counted(nodes.length, 'node')}`
      : 'Python packages, which differ between nodes',
    columns: [{ name: 'Package' }, ...shown.map((_, index) => ({ name: isSame ? 'Version' : `Node ${index}` }))],
    rows: names.map((name) => [name, ...shown.map((node) => node.packages[name] ?? 'absent')]),
  };
}
