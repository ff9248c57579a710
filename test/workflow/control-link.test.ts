import { afterEach, expect, inject, it, vi } from 'vitest';
import { Context } from '@temporalio/activity';
import type { ActivityCancellationDetails } from '@temporalio/common';
import { followRanks } from '../../activities/training/follow-ranks.js';
import type { FollowCursor, FollowResult } from '../../src/contract/job.js';
import { ControlLink } from '../../src/platform/network/control-link.js';
import { checkpointKey, FollowedJob } from '../unit/activities/training/followed-job.js';
import { samplePlan } from './samples.js';
import { followedWell, inTraining, isTraining, trainingLeft } from './answers.js';
import { Scenario } from './scenario.js';

/** The SDK gives an activity up 5 s after the 10 s within which the server has to hear from it. */
const CANCELLED_WITHIN = { timeout: 30_000, interval: 100 };
/** A connection that was cut for so long is up again within 20 s of mending. */
const HEARD_WITHIN = { timeout: 60_000, interval: 100 };

let scenario: Scenario;
let link: ControlLink;
let job: FollowedJob;
afterEach(async () => {
  link.mend();
  await scenario.close();
  await job.followers.close();
  await link.close();
});

it('checkpoints reach the store while the control link is cut, and all goes on when it is mended', async () => {
  link = await ControlLink.open(inject('serverAddress'));
  // Ranks of node 0; node 1 has none that tell of anything.
  job = await FollowedJob.start({ jobId: 'round-0-t0' });
  const cancelled: (ActivityCancellationDetails | undefined)[] = [];
  const given: FollowCursor[] = [];
  const follow = followRanks({ followers: job.followers });
  let isFinished = false;
  scenario = await Scenario.open(
    {
      control: { claimRun: trainingLeft(samplePlan()) },
      node: {
        followRanks: async (input): Promise<FollowResult> => {
          const context = Context.current();
          if (!isTraining(input.jobId)) return followedWell();
          if (/-0-g\d+$/.test(context.info.taskQueue)) {
            given.push(input.cursor);
            context.cancellationSignal.addEventListener('abort', () => void cancelled.push(context.cancellationDetails));
            return follow(input);
          }
          while (!isFinished) {
            context.heartbeat();
            await Promise.race([new Promise((resolve) => setTimeout(resolve, 100)), context.cancelled]);
          }
          return followedWell();
        },
      },
    },
    { address: inject('serverAddress'), bundlePath: inject('bundlePath'), nodeAddress: link.address },
  );
  const isDurable = (step: number) => (): void => expect(job.store.keys()).toContain(`${checkpointKey(step)}/manifest.json`);

  const handle = await scenario.start();
  await scenario.called('followRanks', inTraining);
  await job.checkpoint(2);
  await vi.waitFor(isDurable(2), HEARD_WITHIN);
  link.cut();
  await vi.waitFor(() => expect(cancelled).toMatchObject([{ timedOut: true, cancelRequested: false }]), CANCELLED_WITHIN);
  // Nobody watches now.
  for (const step of [4, 6]) {
    await job.checkpoint(step);
    await vi.waitFor(isDurable(step), HEARD_WITHIN);
  }
  expect(given).toHaveLength(1);

  link.mend();
  await vi.waitFor(() => expect(given.length).toBeGreaterThan(1), HEARD_WITHIN);
  await job.checkpoint(8);
  await vi.waitFor(isDurable(8), HEARD_WITHIN);
  isFinished = true;
  await job.finish();
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  expect([scenario.count('openTrajectory'), scenario.count('stopRanks')]).toEqual([1, 0]);
  expect(await scenario.incidents()).toEqual([]);
  for (const rank of [0, 1]) {
    expect(job.storedEvents(rank).map(({ kind }) => kind)).toEqual([...Array<string>(4).fill('checkpoint'), 'finished']);
  }
  // Two ranks, four checkpoints.
  expect(job.store.countOf('putFile')).toBe(8);
}, 150_000);
