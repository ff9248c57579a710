import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';

export { clusterLease } from './cluster-lease.js';
export { clusterSweep } from './cluster-sweep.js';
export { evaluation } from './evaluation.js';
export { fineTuningRun } from './fine-tuning-run.js';
export { runNotice } from './run-notice.js';
export { runRecovery } from './run-recovery.js';
export { trainingRound } from './training-round.js';

/** The types that a person or a schedule may start; the others are children. */
const STARTABLE = ['fineTuningRun', 'clusterSweep', 'runRecovery'];

/** Any other type. Without this a mistyped one would wait for ever for a worker that knows it. */
// eslint-disable-next-line @typescript-eslint/require-await -- a workflow is asynchronous
export default async function unknownWorkflow(): Promise<never> {
  const { workflowType } = workflowInfo();
  throw ApplicationFailure.create({
    type: 'InvalidRequest',
    message: `there is no workflow type "${workflowType}"; known to start: ${STARTABLE.join(', ')}`,
    nonRetryable: true,
  });
}
