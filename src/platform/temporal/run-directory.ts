import { WorkflowNotFoundError, type Client } from '@temporalio/client';

export type WorkflowState = 'open' | 'closed' | 'unknown';

/** What the server knows of workflows, by workflow id: run ids change with resets and continue-as-new. */
export interface RunDirectory {
  /** `unknown`: this server has never heard of it, which is not the same as closed. */
  stateOf(workflowId: string): Promise<WorkflowState>;
  /** Ids of open workflows that begin so, as far as the server's index has them: it may be a moment behind. */
  openBelow(prefix: string): Promise<string[]>;
  /** One that has closed in the meantime needs no cancelling. */
  cancel(workflowId: string): Promise<void>;
}

export class TemporalRunDirectory implements RunDirectory {
  constructor(private readonly client: Client) {}

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
