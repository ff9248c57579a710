import { CancellationScope, isCancellation, log, ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import type { NoticeOutcome } from '../src/contract/kinds.js';
import type { RunResult } from '../src/contract/run.js';
import { noticeWorkflowId } from '../src/domain/names.js';
import { failureOf } from './failure-kind.js';
import type { runNotice } from './run-notice.js';
import type { StatusBoard } from './status-board.js';

/** Tells people outside, who may be asleep: the word goes out beside the run, which neither waits for it nor fails of it. */
export async function giveNotice(runKey: string, outcome: NoticeOutcome, message: string): Promise<void> {
  const { workflowId } = workflowInfo();
  const at = new Date().toISOString();
  try {
    await CancellationScope.nonCancellable(() =>
      startChild<typeof runNotice>('runNotice', {
        workflowId: noticeWorkflowId(workflowId, at),
        // A run that has ended must not take the word of its end with it.
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `${runKey}: ${outcome}`,
        args: [{ runKey, workflowId, outcome, message, at }],
      }),
    );
  } catch (error) {
    log.warn('no notice given', { outcome, reason: failureOf(error).message });
  }
}

/** The work of a run, and word of how it ended. A dry run is nobody's news. */
export async function withNotice(board: StatusBoard, work: () => Promise<RunResult>): Promise<RunResult> {
  try {
    const result = await work();
    if (result.outcome !== 'planned') await giveNotice(result.runKey, result.outcome, result.message);
    return result;
  } catch (error) {
    const { runKey, stage } = board.status();
    if (isCancellation(error)) await giveNotice(runKey, 'cancelled', `cancelled in stage ${stage}`);
    else {
      const { kind, message } = failureOf(error);
      await giveNotice(runKey, 'failed', `${kind}: ${message}`);
    }
    throw error;
  }
}
