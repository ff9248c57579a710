import { DAMAGED, offered, runTimeout, terminateTree } from './siege-strikes.js';
import type { SiegeFault } from './siege-fault.js';

/** Of the outages: longer than every heartbeat, much shorter than a lease. */
const OUTAGE_SECONDS = 60;

/**
 * Twelve faults of different kinds, spread over the stages of one run; three of them end an execution. In training they are apart by
 * more than a checkpoint's interval, so that each strikes steps that nothing else has struck.
 */
export const VIGGO_FAULTS: readonly SiegeFault[] = [
  // Not before the first execution has claimed the run, however busy the machine is: one that never did is nobody's to start again.
  runTimeout({ stage: 'baseline', window: [0.4, 0.9], expected: { run: 'is started again', after: 'timed out' } }),
  offered('control-link-cut', OUTAGE_SECONDS, { stage: 'baseline', window: [0, 0.3], expected: { run: 'goes on' } }),
  offered('kill-node-worker', 0, { stage: 'smoke', window: [0, 0.4], expected: { run: 'goes on' } }),
  offered('kill-rank', 0, { stage: 'train', window: [0.15, 0.25], expected: { run: 'forms again', causes: ['RankKilled'] } }),
  offered('corrupt-checkpoint', 0, {
    ...{ stage: 'train', window: [0.32, 0.4], waitsFor: 'newest checkpoint' },
    expected: { run: 'forms again', causes: DAMAGED },
  }),
  offered('terminate-run', 0, { stage: 'train', window: [0.5, 0.58], expected: { run: 'is started again', after: 'terminated' } }),
  offered('kill-node', 0, { stage: 'train', window: [0.66, 0.74], expected: { run: 'forms again', causes: ['NodeLost'] } }),
  offered('stop-rank', 0, { stage: 'train', window: [0.8, 0.9], expected: { run: 'forms again', causes: ['Hang'] } }),
  offered('server-down', OUTAGE_SECONDS, { stage: 'evaluate', window: [0, 0.4], expected: { run: 'goes on' } }),
  terminateTree({ stage: 'test', window: [0.1, 0.5], expected: { run: 'is started again', after: 'terminated' } }),
  offered('kill-server', 0, { stage: 'test', window: [0, 0.4], expected: { run: 'goes on' } }),
  offered('kill-control-worker', 0, { stage: 'publish', window: [0, 0.3], expected: { run: 'goes on' } }),
];
