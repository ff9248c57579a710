import { WorkflowNotFoundError, type Client } from '@temporalio/client';

export type WorkflowState = 'open' | 'closed' | 'unknown';

/** What the server knows of workflows, by workflow id: run ids change with resets and continue-as-new. */
export interface RunDirectory {
  /** `unknown`: this server has never heard of it, which is not the same as closed. */
  stateOf(workflowId: string): Promise<WorkflowState>;
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
}
