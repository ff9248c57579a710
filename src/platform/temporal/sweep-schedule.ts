import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { CONTROL_QUEUE, SWEEP_ID } from '../../domain/names.js';

/** What nobody owns costs so much longer at most; asking the provider's list this often costs nothing, and 720 short histories a day. */
const EVERY = '2 minutes';
/** Sweeps that were missed are not made up for: the next one sees everything. */
const CATCH_UP = '1 minute';
/** One that hangs would keep all others out. Ten times what the end of a node takes at most. */
const AT_MOST = '10 minutes';

/** Makes the schedule that sweeps, or brings one that is there up to date; one that a person has paused stays paused. */
export async function ensureSweepSchedule(client: Client): Promise<void> {
  const schedule = {
    spec: { intervals: [{ every: EVERY }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'clusterSweep',
      workflowId: SWEEP_ID,
      taskQueue: CONTROL_QUEUE,
      workflowExecutionTimeout: AT_MOST,
      staticSummary: 'ends machines that nobody owns',
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
  };
  try {
    await client.schedule.create({ scheduleId: SWEEP_ID, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(SWEEP_ID).update(({ state }) => ({ ...schedule, state }));
  }
}
