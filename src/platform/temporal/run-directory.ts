import { WorkflowNotFoundError, type Client, type WorkflowExecutionStatusName } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { FailureKind, WorkflowEnding } from '../../contract/kinds.js';
import type { FineTuningRequest } from '../../contract/request.js';
import { Failure } from '../../domain/failures.js';
import { RUN_WORKFLOW, runKeyOf } from '../../domain/names.js';
import type { WorkflowEnd } from '../../domain/recovery.js';
import { runEnd } from './run-end.js';
import { startRun } from './start-run.js';

const RUN_KEY = defineSearchAttributeKey('FormworkRunKey', SearchAttributeType.KEYWORD);

export type WorkflowState = 'open' | 'closed' | 'unknown';

/** What the server knows of workflows, by workflow id: run ids change with resets and continue-as-new. */
export interface RunDirectory {
  /** The namespace, wherever it is served: another database has another one of the same name. */
  serverId(): Promise<string>;
  /** `unknown`: this server has never heard of it, which is not the same as closed. */
  stateOf(workflowId: string): Promise<WorkflowState>;
  /** Ids of open workflows that begin so, as far as the server's index has them: it may be a moment behind. */
  openBelow(prefix: string): Promise<string[]>;
  /** One that has closed in the meantime needs no cancelling. */
  cancel(workflowId: string): Promise<void>;
  /** Keys of runs that have failed, timed out or been terminated, whatever became of them later; as far as the index has them. */
  failedRuns(): Promise<string[]>;
  /** How the newest execution ended; null: it is open, or this server has never heard of it. */
  endOf(workflowId: string): Promise<WorkflowEnd | null>;
  /** By a recovery. One that is open is left alone. */
  start(workflowId: string, request: FineTuningRequest, recovery: number): Promise<void>;
}

export const WORKFLOW_ENDINGS: Partial<Record<WorkflowExecutionStatusName, WorkflowEnding>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  TIMED_OUT: 'timed out',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
};

export class TemporalRunDirectory implements RunDirectory {
  constructor(private readonly client: Client) {}

  async serverId(): Promise<string> {
    const { namespaceInfo } = await this.client.workflowService.describeNamespace({ namespace: this.client.options.namespace });
    return namespaceInfo?.id ?? '';
  }

  async failedRuns(): Promise<string[]> {
    const query = `WorkflowType = "${RUN_WORKFLOW}" AND ExecutionStatus IN ("Failed", "TimedOut", "Terminated")`;
    const keys = new Set<string>();
    for await (const { workflowId, typedSearchAttributes } of this.client.workflow.list({ query }))
      keys.add(typedSearchAttributes.get(RUN_KEY) ?? runKeyOf(workflowId));
    return [...keys];
  }

  async endOf(workflowId: string): Promise<WorkflowEnd | null> {
    const handle = this.client.workflow.getHandle(workflowId);
    const described = await handle.describe().catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    });
    const how = described === null ? undefined : WORKFLOW_ENDINGS[described.status.name];
    if (described?.closeTime === undefined || how === undefined) return null;
    // Of this execution: a newer one may have begun meanwhile.
    const closed = this.client.workflow.getHandle(workflowId, described.runId);
    const failure = how !== 'failed' ? null : await runEnd(closed).then(() => null, kindOf);
    return { how, at: described.closeTime.toISOString(), failure };
  }

  async start(workflowId: string, request: FineTuningRequest, recovery: number): Promise<void> {
    await startRun(this.client, workflowId, request, recovery);
  }

  async stateOf(workflowId: string): Promise<WorkflowState> {
    try {
      const { status } = await this.client.workflow.getHandle(workflowId).describe();
      return status.name === 'RUNNING' || status.name === 'PAUSED' ? 'open' : 'closed';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'unknown';
      throw error;
    }
  }

  async openBelow(prefix: string): Promise<string[]> {
    const ids: string[] = [];
    // No run key holds a quotation mark.
    const query = `WorkflowId STARTS_WITH "${prefix}" AND ExecutionStatus = "Running"`;
    for await (const { workflowId } of this.client.workflow.list({ query })) ids.push(workflowId);
    return ids;
  }

  async cancel(workflowId: string): Promise<void> {
    try {
      await this.client.workflow.getHandle(workflowId).cancel();
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}

function kindOf(error: unknown): FailureKind {
  if (error instanceof Failure) return error.kind;
  throw error;
}
