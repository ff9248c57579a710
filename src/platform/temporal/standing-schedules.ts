import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { CONTROL_QUEUE, RECOVERY_ID, SWEEP_ID } from '../../domain/names.js';

/**
 * What nobody owns costs so much longer at most, and a run that failed waits so much longer: asking this often costs nothing, and
 * 720 short histories a day.
 */
const EVERY = '2 minutes';
/** Looks that were missed are not made up for: the next one sees everything. */
const CATCH_UP = '1 minute';
/** One that hangs would keep all others out. Ten times what the end of a node takes at most. */
const AT_MOST = '10 minutes';

/** What looks after all runs, whoever started them. */
const STANDING = [
  { id: SWEEP_ID, workflowType: 'clusterSweep', summary: 'ends machines that nobody owns' },
  { id: RECOVERY_ID, workflowType: 'runRecovery', summary: 'starts runs again that have failed' },
];

/** Workflow types of their looks. */
export const LOOK_WORKFLOWS: readonly string[] = STANDING.map(({ workflowType }) => workflowType);

/** Makes the schedules of every installation, or brings those that are there up to date; one that a person has paused stays paused. */
export async function ensureStandingSchedules(client: Client): Promise<void> {
  for (const { id, workflowType, summary } of STANDING) {
    const schedule = {
      spec: { intervals: [{ every: EVERY }] },
      action: {
        type: 'startWorkflow' as const,
        workflowType,
        workflowId: id,
        taskQueue: CONTROL_QUEUE,
        workflowExecutionTimeout: AT_MOST,
        staticSummary: summary,
      },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
    };
    try {
      await client.schedule.create({ scheduleId: id, ...schedule });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      await client.schedule.getHandle(id).update(({ state }) => ({ ...schedule, state }));
    }
  }
}
