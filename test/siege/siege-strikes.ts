import { runWorkflowId } from '../../src/domain/names.js';
import { faultInWords, type FaultKind } from '../../src/domain/fault-table.js';
import { STRIKES } from '../../src/platform/faults/strikes.js';
import { struckNow, type Strike } from '../../src/platform/faults/fault-ground.js';
import { TemporalRunDirectory } from '../../src/platform/temporal/run-directory.js';
import type { Siege } from './siege.js';
import type { SiegeFault } from './siege-fault.js';

/** The rank that dies, and then the checkpoint that is found damaged by the gang that was to go on from it. */
export const DAMAGED = ['RankKilled', 'CheckpointIncomplete'] as const;

type Row = Omit<SiegeFault, 'name' | 'does' | 'strike'>;

/** As `formwork fault` does it. `seconds`: of those that last. */
export const offered = (name: FaultKind, seconds: number, row: Row): SiegeFault => ({
  ...{ name, does: faultInWords(name, seconds), ...row },
  strike: ({ scene }, random) => STRIKES[name](scene.ground(random, seconds)),
});

/** Nobody strikes: the server closes the run, `Siege.start` has told it when. */
export const runTimeout = (row: Omit<Row, 'waitsFor'>): SiegeFault => ({
  ...{ name: 'run-timeout', does: 'the run timeout passes that the execution was started with', ...row },
  waitsFor: 'end of execution',
  strike: async ({ runTimeoutMs, run }) => {
    const at = (await run.describe()).closeTime?.getTime() ?? Date.now();
    return { what: `run timeout of ${((runTimeoutMs ?? 0) / 1000).toFixed(1)} s`, at, overAt: at };
  },
});

/** Of the run and of all below it at once: nobody is left who would give the machines back. */
export const terminateTree = (row: Row): SiegeFault => ({
  ...{ name: 'terminate-tree', does: 'Terminate of the run, its lease and whatever else is open below it', ...row },
  strike: terminateAll,
});

async function terminateAll({ scene, runKey }: Siege): Promise<Strike> {
  const { client } = scene;
  const below = await new TemporalRunDirectory(client).openBelow(`${runWorkflowId(runKey)}/`);
  const strike = struckNow(`Terminate of ${[runWorkflowId(runKey), ...below].join(', ')}`);
  await Promise.all([...below, runWorkflowId(runKey)].map((id) => client.workflow.getHandle(id).terminate('siege')));
  return strike;
}
