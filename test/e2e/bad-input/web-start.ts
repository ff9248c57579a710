import { randomUUID } from 'node:crypto';
import { ActivityFailure, ApplicationFailure, WorkflowFailedError, type Client } from '@temporalio/client';

/** How the start form of the Web UI is filled in by a link of `formwork links`. */
export interface StartForm {
  workflowType: string;
  taskQueue: string;
  namespace: string;
}

export function startForm(links: string): StartForm {
  const link = new URL(/https?:\/\/\S+start-workflow\S+/.exec(links)?.[0] ?? 'no start link');
  const field = (name: string): string => {
    const value = link.searchParams.get(name);
    if (value === null) throw new Error(`the start link fills in no ${name}: ${link.href}`);
    return value;
  };
  const namespace = /\/namespaces\/([^/]+)\//.exec(link.pathname)?.[1] ?? '';
  return { workflowType: field('workflowType'), taskQueue: field('taskQueue'), namespace };
}

/** How a run ended that was refused. */
export interface WebRefusal {
  kind: string | null | undefined;
  message: string;
  /** Activities in their order, each with the number of its last attempt. */
  activities: string[];
  /** Types of the children that were started; a lease would be one. */
  children: string[];
}

/** Starts a run as the form does, with the input as it was typed and an id that nobody else has, and waits for its refusal. */
export async function startFromForm(client: Client, form: StartForm, input: unknown): Promise<WebRefusal> {
  const handle = await client.workflow.start(form.workflowType, {
    workflowId: randomUUID(),
    taskQueue: form.taskQueue,
    args: [input],
    // Longer than any refusal takes; a run that is not refused must not go on for hours.
    workflowExecutionTimeout: '60 seconds',
  });
  const reason: unknown = await handle.result().catch((error: unknown) => rootOf(error));
  const { events } = await handle.fetchHistory();
  if (!(reason instanceof ApplicationFailure)) throw new Error(`expected a refusal, got ${JSON.stringify(reason)}`);
  const names = new Map<string, string>();
  const activities: string[] = [];
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled != null) names.set(String(event.eventId), scheduled.activityType?.name ?? '');
    const started = event.activityTaskStartedEventAttributes;
    if (started != null) activities.push(`${names.get(String(started.scheduledEventId))} ${started.attempt}`);
  }
  const children = (events ?? []).flatMap(
    ({ startChildWorkflowExecutionInitiatedEventAttributes: child }) => child?.workflowType?.name ?? [],
  );
  return { kind: reason.type, message: reason.message, activities, children };
}

function rootOf(error: unknown): unknown {
  const isWrapping = error instanceof WorkflowFailedError || error instanceof ActivityFailure;
  return isWrapping && error.cause !== undefined ? rootOf(error.cause) : error;
}
