import type { FaultKind } from '../../src/domain/fault-table.js';
import { DAMAGED, offered } from './siege-strikes.js';
import type { SiegeExpectation, SiegeFault } from './siege-fault.js';

/** Share of node time that has to be training which is kept, from the first step to the last. */
export const LEAST_GOODPUT = 0.65;

const goesOn: SiegeExpectation = { run: 'goes on' };
const rankLost: SiegeExpectation = { run: 'forms again', causes: ['RankKilled'] };

/** Ten kinds that a run survives in one execution; those that last are between others, as they come in a night. */
const KINDS: readonly (readonly [FaultKind, SiegeExpectation])[] = [
  ['kill-rank', rankLost],
  ['server-down', goesOn],
  ['kill-node', { run: 'forms again', causes: ['NodeLost'] }],
  ['kill-node-worker', goesOn],
  ['corrupt-checkpoint', { run: 'forms again', causes: DAMAGED }],
  ['control-link-cut', goesOn],
  ['stop-rank', { run: 'forms again', causes: ['Hang'] }],
  ['kill-control-worker', goesOn],
  ['kill-rank-supervisor', rankLost],
  ['kill-server', goesOn],
];

/** Each in the middle half of its own tenth of the steps. */
export const goodputFaults = (outageSeconds: number): readonly SiegeFault[] =>
  KINDS.map(([kind, expected], index) =>
    offered(kind, outageSeconds, {
      ...{ stage: 'train', expected, window: [(index + 0.25) / KINDS.length, (index + 0.75) / KINDS.length] },
      ...(kind === 'corrupt-checkpoint' ? { waitsFor: 'newest checkpoint' } : {}),
    }),
  );
