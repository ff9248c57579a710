import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import * as workflows from '../../workflows/index.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

interface Recorded {
  workflowId: string;
  history: { events: Record<string, { activityType?: { name: string } }>[] };
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

  it('has a recorded history for every workflow', () => {
    const types = Object.keys(workflows).filter((name) => name !== 'default');
    expect(types.filter((type) => !files.some((name) => name.startsWith(`${type}-`)))).toEqual([]);
  });
});
