import type { FineTuningRequest } from '../../src/contract/request.js';
import type { WorkflowEnd } from '../../src/domain/recovery.js';
import type { RunDirectory, WorkflowState } from '../../src/platform/temporal/run-directory.js';

/** What a server knows of workflows: what the test has told it. */
export class FakeRunDirectory implements RunDirectory {
  private readonly states = new Map<string, WorkflowState | Error>();
  /** Its namespace. */
  server = 'namespace-1';
  /** By run key. */
  failed: string[] = [];
  /** By workflow id. */
  readonly ends = new Map<string, WorkflowEnd | Error>();
  readonly started: { workflowId: string; request: FineTuningRequest; recovery: number }[] = [];

  /** @param state an error: the server cannot be asked. */
  set(workflowId: string, state: WorkflowState | Error): void {
    this.states.set(workflowId, state);
  }

  serverId(): Promise<string> {
    return Promise.resolve(this.server);
  }

  failedRuns(): Promise<string[]> {
    return Promise.resolve(this.failed);
  }

  endOf(workflowId: string): Promise<WorkflowEnd | null> {
    const end = this.ends.get(workflowId) ?? null;
    return end instanceof Error ? Promise.reject(end) : Promise.resolve(end);
  }

  start(workflowId: string, request: FineTuningRequest, recovery: number): Promise<void> {
    this.started.push({ workflowId, request, recovery });
    return Promise.resolve();
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
