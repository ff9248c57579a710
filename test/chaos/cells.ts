import type { Stage } from '../../src/contract/kinds.js';

/**
 * How a struck run has to end. `recovered`: the execution has ended, and the schedule has started another one that completes. `raised`:
 * parked at its cap with its machines gone, and completed once a person has raised it. Those that complete have the weights, the losses
 * and the test answers of the run that nothing happens to.
 */
export type CellEnd = 'completed' | 'recovered' | 'raised' | 'parked' | 'cancelled' | 'terminated';

/** What is done, in the order of the table. */
export const CHAOS_FAULTS = {
  'kill-process': 'SIGKILL to a process of the job that the stage runs on a node',
  'kill-node-worker': 'SIGKILL to a node worker',
  'kill-node': 'SIGKILL to all processes of a node, its host included',
  'kill-control-worker': 'SIGKILL to the control worker',
  'kill-server': 'SIGKILL to the server',
  'kill-control-plane': 'SIGKILL to control host, control worker and server; `formwork up` 10 s later',
  'server-down': 'server stopped for 20 s',
  'control-link-cut': 'the link between a node and the control plane cut for 20 s',
  'corrupt-checkpoint': 'a byte of the newest checkpoint flipped, then SIGKILL to a rank',
  'disk-full': "the nodes' disk full for half a minute",
  'store-down': 'every access to the store fails for a minute',
  'reset-run': 'Reset of the run to its newest workflow task',
  'reset-run-to-start': 'Reset of the run to its first workflow task',
  'terminate-run': 'Terminate of the run',
  'terminate-lease': 'Terminate of its lease',
  'cancel-run': '`formwork cancel`',
  'spend-cap': 'the cap on what the run may cost set to what it has cost in the next moment',
} as const;
export type ChaosFault = keyof typeof CHAOS_FAULTS;

export interface Cell {
  fault: ChaosFault;
  stage: Stage;
  end: CellEnd;
  /** In `npm test` as well: what no other test there does. */
  isInTest?: true;
}

const cells = (fault: ChaosFault, end: CellEnd, ...stages: Stage[]): Cell[] => stages.map((stage) => ({ fault, stage, end }));

/**
 * Every fault in the stages in which it finds something to hit, but for twins: what one stage shows, the next would show again.
 * A run in stage train is struck by every row of test/durability as well.
 */
export const CELLS: readonly Cell[] = [
  ...cells('kill-process', 'completed', 'baseline', 'smoke', 'train', 'evaluate', 'test'),
  { fault: 'kill-process', stage: 'publish', end: 'completed', isInTest: true },
  ...cells('kill-node-worker', 'completed', 'baseline', 'smoke', 'test', 'publish'),
  ...cells('kill-node', 'completed', 'lease', 'baseline', 'smoke', 'train'),
  { fault: 'kill-node', stage: 'evaluate', end: 'completed', isInTest: true },
  ...cells('kill-node', 'completed', 'publish'),
  ...cells('kill-control-worker', 'completed', 'prepare', 'lease', 'evaluate'),
  ...cells('kill-server', 'completed', 'lease', 'baseline', 'test'),
  ...cells('kill-control-plane', 'completed', 'train', 'publish'),
  ...cells('server-down', 'completed', 'smoke', 'evaluate'),
  ...cells('control-link-cut', 'completed', 'baseline', 'test'),
  ...cells('corrupt-checkpoint', 'completed', 'train'),
  ...cells('disk-full', 'completed', 'evaluate'),
  ...cells('store-down', 'completed', 'baseline', 'test'),
  ...cells('reset-run', 'completed', 'evaluate'),
  ...cells('reset-run-to-start', 'completed', 'smoke', 'publish'),
  // With recovery.afterTerminate; else a terminated run is left alone.
  ...cells('terminate-run', 'recovered', 'baseline', 'train', 'test'),
  { fault: 'terminate-run', stage: 'lease', end: 'terminated', isInTest: true },
  // Whoever ends its machines by hand has a reason: it does not lease others until it is told to.
  ...cells('terminate-lease', 'parked', 'smoke', 'test'),
  ...cells('cancel-run', 'cancelled', 'lease', 'smoke', 'evaluate', 'publish'),
  ...cells('spend-cap', 'raised', 'lease', 'baseline', 'smoke', 'train', 'evaluate'),
  { fault: 'spend-cap', stage: 'test', end: 'raised', isInTest: true },
  ...cells('spend-cap', 'raised', 'publish'),
];

export const nameOf = ({ fault, stage }: Pick<Cell, 'fault' | 'stage'>): string => `${fault}@${stage}`;
