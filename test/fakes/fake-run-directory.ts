import type { RunDirectory, WorkflowState } from '../../src/platform/temporal/run-directory.js';

/** What a server knows of workflows: what the test has told it. */
export class FakeRunDirectory implements RunDirectory {
  private readonly states = new Map<string, WorkflowState | Error>();

  /** @param state an error: the server cannot be asked. */
  set(workflowId: string, state: WorkflowState | Error): void {
    this.states.set(workflowId, state);
  }

  openBelow(prefix: string): Promise<string[]> {
    const found = [...this.states].filter(([id, state]) => id.startsWith(prefix) && state === 'open');
    return Promise.resolve(found.map(([id]) => id));
  }

  cancel(workflowId: string): Promise<void> {
    this.states.set(workflowId, 'closed');
    return Promise.resolve();
  }

  stateOf(workflowId: string): Promise<WorkflowState> {
    const state = this.states.get(workflowId) ?? 'unknown';
    return state instanceof Error ? Promise.reject(state) : Promise.resolve(state);
  }
}
