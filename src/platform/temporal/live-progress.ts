import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { FollowBeat } from '../../contract/job.js';

export type LiveProgress = FollowBeat['progress'];

/**
 * What the followers of these workflows last beat: the only place where a step is known before its checkpoint.
 * Shards of one evaluation are added up; of the ranks of a gang the first node speaks for all.
 */
export async function liveProgress(client: Client, workflowIds: readonly string[]): Promise<LiveProgress | null> {
  const beats = (await Promise.all(workflowIds.map((workflowId) => beatsOf(client, workflowId)))).flat();
  const [first] = beats;
  if (first === undefined) return null;
  const items = beats.filter(({ unit }) => unit === 'items');
  if (items.length > 0 && items.length === beats.length) {
    const totals = items.map(({ total }) => total);
    return {
      ...first,
      done: items.reduce((sum, { done }) => sum + done, 0),
      total: totals.includes(null) ? null : totals.reduce<number>((sum, total) => sum + (total ?? 0), 0),
    };
  }
  const furthest = beats.reduce(
    (most, beat) => (beat.done > most.done || (most.total === null && beat.total !== null) ? beat : most),
    first,
  );
  // Trouble of any node is trouble of all: none of its checkpoints becomes whole.
  return { ...furthest, trouble: beats.find(({ trouble }) => trouble !== null)?.trouble ?? null };
}

async function beatsOf(client: Client, workflowId: string): Promise<LiveProgress[]> {
  try {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    return (raw.pendingActivities ?? []).flatMap(({ heartbeatDetails }) => {
      const [payload] = heartbeatDetails?.payloads ?? [];
      if (payload === undefined) return [];
      const beat = FollowBeat.safeParse(defaultPayloadConverter.fromPayload(payload));
      return beat.success ? [beat.data.progress] : [];
    });
  } catch (error) {
    // A child that has not begun, or has been closed and forgotten, has no progress.
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}
