import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { FollowBeat } from '../../contract/job.js';
import type { PendingActivity } from '../../contract/run-situation.js';

type RawActivity = proto.temporal.api.workflow.v1.IPendingActivityInfo;
type RawFailure = proto.temporal.api.failure.v1.IFailure;
type Instant = proto.google.protobuf.ITimestamp;

/** What workflows wait for right now. A child that has not begun, or has been closed and forgotten, waits for nothing. */
export async function pendingActivities(client: Client, workflowIds: readonly string[]): Promise<PendingActivity[]> {
  return (await Promise.all(workflowIds.map((workflowId) => activitiesOf(client, workflowId)))).flat();
}

async function activitiesOf(client: Client, workflowId: string): Promise<PendingActivity[]> {
  try {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    return (raw.pendingActivities ?? []).map((activity) => pendingActivity(workflowId, activity));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

function pendingActivity(workflowId: string, raw: RawActivity): PendingActivity {
  const state = stateOf(raw.state);
  return {
    workflowId,
    type: raw.activityType?.name ?? '',
    taskQueue: raw.activityOptions?.taskQueue?.name ?? null,
    state,
    attempt: raw.attempt ?? 1,
    scheduledAt: toIso(raw.scheduledTime),
    lastBeatAt: toIso(raw.lastHeartbeatTime),
    nextAttemptAt: state === 'scheduled' ? toIso(raw.nextAttemptScheduleTime) : null,
    lastFailure: raw.lastFailure == null ? null : rootFailure(raw.lastFailure),
    progress: progressOf(raw),
  };
}

function stateOf(state: RawActivity['state']): PendingActivity['state'] {
  const { PendingActivityState } = proto.temporal.api.enums.v1;
  switch (state) {
    case PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
      return 'started';
    case PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED:
      return 'cancelling';
    case PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED:
    case PendingActivityState.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED:
      return 'paused';
    default:
      return 'scheduled';
  }
}

/** Our failures are outermost, with their kind; a timeout of the server has no type but its own. */
function rootFailure({ applicationFailureInfo, timeoutFailureInfo, message }: RawFailure): { kind: string; message: string } {
  const kind = applicationFailureInfo?.type ?? (timeoutFailureInfo == null ? 'Defect' : 'Unreachable');
  return { kind, message: message ?? '' };
}

function progressOf({ heartbeatDetails }: RawActivity): PendingActivity['progress'] {
  const [payload] = heartbeatDetails?.payloads ?? [];
  if (payload === undefined) return null;
  // Other acts beat as well, each with what it likes.
  const beat = FollowBeat.safeParse(defaultPayloadConverter.fromPayload(payload));
  return beat.success ? beat.data.progress : null;
}

/** An instant of the wire; one that was never set is null, or zero. */
export function toIso(instant: Instant | null | undefined): string | null {
  const seconds = Number(instant?.seconds ?? 0);
  return seconds <= 0 ? null : new Date(seconds * 1000 + Math.floor((instant?.nanos ?? 0) / 1e6)).toISOString();
}
