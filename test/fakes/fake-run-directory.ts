import type { RunDirectory, WorkflowState } from '../../src/platform/temporal/run-directory.js';

/** What a server knows of workflows: what the test has told it. */
export class FakeRunDirectory implements RunDirectory {
  private readonly states = new Map<string, WorkflowState | Error>();

  /** @param state an error: the server cannot be asked. */
  set(workflowId: string, state: WorkflowState | Error): void {
    this.states.set(workflowId, state);
  }

  stateOf(workflowId: string): Promise<WorkflowState> {
    const state = this.states.get(workflowId) ?? 'unknown';
    return state instanceof Error ? Promise.reject(state) : Promise.resolve(state);
  }
}
