import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import type { Claim } from '../../activities/run/claim-run.js';
import { RunPlan } from '../../src/contract/plan.js';
import * as workflows from '../../workflows/index.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

interface Recorded {
  workflowId: string;
  history: { events: Record<string, { activityType?: { name: string } }>[] };
}

/** What a run has of its claim: the plan as the version wrote it that recorded the history. */
function claimedPlans(recorded: Recorded): unknown[] {
  const events = historyFromJSON(recorded.history).events ?? [];
  const claims = events.filter(({ activityTaskScheduledEventAttributes: act }) => act?.activityType?.name === 'claimRun');
  return events.flatMap(({ activityTaskCompletedEventAttributes: done }) =>
    claims.some(({ eventId }) => String(eventId) === String(done?.scheduledEventId))
      ? [defaultPayloadConverter.fromPayload<Claim>(done?.result?.payloads?.[0] as Payload).plan]
      : [],
  );
}

const read = (name: string): Recorded => JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as Recorded;

async function replay({ workflowId, history }: Recorded): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: { codePath: inject('bundlePath') } }, historyFromJSON(history), workflowId);
}

describe('workflow code', () => {
  it.each(files)('replays %s', async (name) => {
    await replay(read(name));
  });

  it('that does other things than it did fails the replay', async () => {
    const recorded = read(files.find((name) => name.startsWith('trainingRound-completed')) as string);
    const scheduled = recorded.history.events.find((event) => 'activityTaskScheduledEventAttributes' in event);
    (scheduled?.['activityTaskScheduledEventAttributes'] as { activityType: { name: string } }).activityType.name = 'somethingElse';
    await expect(replay(recorded)).rejects.toThrow(/nondeterminism/i);
  });

  it('meets plans that every version since has been able to read: who carries a run on begins with that', () => {
    const plans = files.filter((name) => name.startsWith('fineTuningRun-')).flatMap((name) => claimedPlans(read(name)));
    expect(plans.length).toBeGreaterThanOrEqual(5);
    for (const plan of plans) RunPlan.parse(plan);
  });

  it('has a recorded history for every workflow', () => {
    const types = Object.keys(workflows).filter((name) => name !== 'default');
    expect(types.filter((type) => !files.some((name) => name.startsWith(`${type}-`)))).toEqual([]);
  });
});
