import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { readTrainingStory } from '../../../../activities/report/training-story.js';
import { toJson } from '../../../../activities/storage/records.js';
import { closeRound, type RoundResult } from '../../../../activities/training/close-round.js';
import { followRanks } from '../../../../activities/training/follow-ranks.js';
import { JobFollowers } from '../../../../activities/training/job-followers.js';
import { openTrajectory, type OpenedTrajectory } from '../../../../activities/training/open-trajectory.js';
import { stageInputs } from '../../../../activities/training/stage-inputs.js';
import { startRanks } from '../../../../activities/training/start-ranks.js';
import { stopRanks } from '../../../../activities/training/stop-ranks.js';
import { readTraining } from '../../../../activities/training/training-record.js';
import type { FollowBeat, FollowCursor, FollowResult, JobSpec } from '../../../../src/contract/job.js';
import { contentKeys, MANIFEST, runKeys } from '../../../../src/domain/store-keys.js';
import { FileStore } from '../../../../src/platform/object-store/file-store.js';
import { FakeWorkLog } from '../../../fakes/fake-work-log.js';
import { act, ActivityContext } from '../../../fixtures/activity-context.js';
import { eventually } from '../../../fixtures/child-process.js';
import { datasetManifest } from '../../../fixtures/job-spec.js';
import { areAlive, LocalJobs, rendezvous, type Behaviour } from '../../../fixtures/local-jobs.js';
import { runPlan } from '../../../fixtures/run-plan.js';
import { MODEL_ID, ROUND, RUN_KEY } from '../../../fixtures/stored-run.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

vi.mock('node:timers/promises', () => import('../../../fixtures/quick-delays.js'));

const STEPS = 6;
const BEHAVIOUR: Behaviour = { stepMs: 20, stepsPerEpoch: STEPS };

/** A run of one node with two ranks, on the real store and the real runner; only the mathematics is a stand-in. */
class RealRun {
  readonly store = new FileStore(join(temporaryFolder(), 'store'));

  static async plan(): Promise<RealRun> {
    const run = new RealRun();
    const cluster = { nodes: 1, ranksPerNode: 2 };
    const plan = runPlan({ training: { epochs: 1, checkpointEverySteps: 2, zeroStage: 2 }, cluster });
    await run.store.put(runKeys.plan(RUN_KEY, 1), toJson(plan));
    await run.store.put(`${contentKeys.dataset(datasetManifest.id)}/${MANIFEST}`, toJson(datasetManifest));
    return run;
  }

  open(gang: number): Promise<OpenedTrajectory> {
    const input = { runKey: RUN_KEY, fence: 1, gang, round: '0', datasetId: datasetManifest.id, modelId: MODEL_ID, maxSteps: null };
    return openTrajectory(this)(input);
  }

  /** A gang up to the start of its ranks, on a node with an empty disk. */
  async gang(gang: number, behaviour: Behaviour = BEHAVIOUR): Promise<{ node: RealNode; opened: OpenedTrajectory; spec: JobSpec }> {
    const opened = await this.open(gang);
    const node = new RealNode(this.store, behaviour);
    // The stand-in reads neither model nor rows.
    await act(stageInputs(node.ports), opened.checkpoint === null ? [] : [opened.checkpoint]);
    const spec: JobSpec = { ...(opened.jobs[0] as JobSpec), rendezvous: await rendezvous() };
    expect(await act(startRanks(node.ports), spec)).toBe('started');
    return { node, opened, spec };
  }

  /** A gang from its opening to its end. @returns how its ranks ended. */
  async carry(gang: number, behaviour?: Behaviour): Promise<{ opened: OpenedTrajectory; kinds: (string | null)[] }> {
    const { node, opened } = await this.gang(gang, behaviour);
    return { opened, kinds: await ended(node.follow(opened.jobId).result) };
  }

  close(): Promise<RoundResult> {
    return closeRound(this)({ runKey: RUN_KEY, fence: 1, round: '0' });
  }

  async steps(): Promise<number[]> {
    const { loss } = await readTrainingStory(this.store, RUN_KEY, '0', await readTraining(this.store, ROUND));
    return loss.map(({ step }) => step);
  }
}

class RealNode {
  readonly jobs: LocalJobs;
  readonly ports: { jobs: LocalJobs['runner']; store: FileStore; workLog: FakeWorkLog };
  private followers: JobFollowers;

  constructor(store: FileStore, behaviour: Behaviour) {
    this.jobs = new LocalJobs({ behaviour });
    this.ports = { jobs: this.jobs.runner, store, workLog: new FakeWorkLog() };
    this.followers = new JobFollowers(this.ports);
  }

  follow(jobId: string, cursor: FollowCursor = { offsets: {} }): { context: ActivityContext; result: Promise<FollowResult> } {
    const context = new ActivityContext();
    const result = context.run(followRanks({ followers: this.followers }), { jobId, cursor });
    result.catch(() => undefined);
    return { context, result };
  }

  async renewWorker(): Promise<void> {
    await this.followers.close();
    this.followers = new JobFollowers(this.ports);
  }
}

const ended = async (result: Promise<FollowResult>): Promise<(string | null)[]> => {
  const end = await result;
  return end.state === 'ended' ? end.exits.map(({ kind }) => kind) : ['running'];
};
const ALL = Array.from({ length: STEPS }, (_, index) => index + 1);

describe('a gang', () => {
  test('whose rank was killed is followed by one that ends with the weights of a run that nothing befell', async () => {
    const [calm, run] = await Promise.all([RealRun.plan(), RealRun.plan()]);
    const faults: Behaviour['faults'] = [{ rank: 1, step: 6, act: 'kill' }];
    const [whole, first] = await Promise.all([calm.carry(1), run.carry(1, { ...BEHAVIOUR, faults })]);
    expect(whole.kinds).toEqual([null, null]);
    expect(first.kinds).toContain('RankKilled');
    const second = await run.carry(2);
    expect(second.opened.resume).toEqual({ trajectory: 0, step: 4 });
    expect(second.kinds).toEqual([null, null]);

    const expected = (await calm.close()).snapshots.map(({ weightsSha256 }) => weightsSha256);
    const { steps, snapshots } = await run.close();
    expect([steps, snapshots.map(({ weightsSha256 }) => weightsSha256)]).toEqual([STEPS, expected]);
    expect(await run.steps()).toEqual(ALL);
    expect(await calm.steps()).toEqual(ALL);
  });

  test('is not touched by the end of its follower; the next one goes on from the cursor and nothing is missing', async () => {
    const run = await RealRun.plan();
    const { node, opened, spec } = await run.gang(1, { ...BEHAVIOUR, stepMs: 250 });
    const ranks = await node.jobs.ranks(spec);
    const first = node.follow(opened.jobId);
    const beat = await eventually('a checkpoint in the store', async () => {
      const last = first.context.beats.at(-1) as FollowBeat | undefined;
      return last?.progress.checkpointStep != null && last;
    });
    first.context.cancel();
    await expect(first.result).rejects.toThrow(/CANCELLED/);
    await node.renewWorker();
    expect(await areAlive(ranks)).toEqual([true, true]);

    const second = node.follow(opened.jobId, beat.cursor);
    expect(await ended(second.result)).toEqual([null, null]);
    expect(await run.steps()).toEqual(ALL);
    expect((await run.close()).steps).toBe(STEPS);
    // On the disk of the node stays what was published last.
    expect(readdirSync(join(node.jobs.work, 'jobs', opened.jobId, 'checkpoints'))).toEqual(['step-00000006']);
  });

  test('that is asked to stop leaves a checkpoint of the step it stopped at, from which the next one goes on', async () => {
    const run = await RealRun.plan();
    const { node, opened } = await run.gang(1, { ...BEHAVIOUR, stepsPerEpoch: 100_000 });
    const follower = node.follow(opened.jobId);
    await node.jobs.step(opened.jobId, 1, 3);
    await act(stopRanks(node.ports), { jobId: opened.jobId, mode: 'checkpoint' as const });
    expect(await ended(follower.result)).toEqual(['Interrupted', 'Interrupted']);
    const [last] = (await node.jobs.folder(opened.jobId).events(0, 0))
      .map(({ event }) => event)
      .filter(({ kind }) => kind === 'interrupted');
    expect((await run.open(2)).resume).toEqual({ trajectory: 0, step: last?.kind === 'interrupted' ? last.step : null });
  });
});
