import { readFileSync, truncateSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { toJson } from '../../../../activities/storage/records.js';
import { CheckpointPublisher } from '../../../../activities/training/checkpoint-publisher.js';
import { openTrajectory, type OpenedTrajectory } from '../../../../activities/training/open-trajectory.js';
import { setAsideCheckpoint } from '../../../../activities/training/set-aside-checkpoint.js';
import { stageInputs } from '../../../../activities/training/stage-inputs.js';
import { Failure } from '../../../../src/domain/failures.js';
import { contentKeys, MANIFEST, runKeys, stepFolder, trajectoryKeys } from '../../../../src/domain/store-keys.js';
import { FileStore } from '../../../../src/platform/object-store/file-store.js';
import { FakeJobRunner } from '../../../fakes/fake-job-runner.js';
import { FakeWorkLog } from '../../../fakes/fake-work-log.js';
import { act } from '../../../fixtures/activity-context.js';
import { datasetManifest, trainJob } from '../../../fixtures/job-spec.js';
import { runPlan } from '../../../fixtures/run-plan.js';
import { MODEL_ID, ROUND, RUN_KEY, sha256 } from '../../../fixtures/stored-run.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

vi.mock('node:timers/promises', () => import('../../../fixtures/quick-delays.js'));

/** Gangs of two nodes with one rank each, whose shards are real files in a real store; what befalls them is the test's. */
class Gangs {
  readonly folder = join(temporaryFolder(), 'store');
  readonly store = new FileStore(this.folder);

  static async make(): Promise<Gangs> {
    const gangs = new Gangs();
    await gangs.store.put(runKeys.plan(RUN_KEY, 1), toJson(runPlan({ training: { keepCheckpoints: 4 } })));
    await gangs.store.put(`${contentKeys.dataset(datasetManifest.id)}/${MANIFEST}`, toJson(datasetManifest));
    return gangs;
  }

  open(gang: number): Promise<OpenedTrajectory> {
    const input = { runKey: RUN_KEY, fence: 1, gang, round: '0', datasetId: datasetManifest.id, modelId: MODEL_ID, maxSteps: null };
    return openTrajectory(this)(input);
  }

  /** All nodes of a gang, or some, publish their part of a checkpoint. */
  async publish(trajectory: number, step: number, nodes: readonly number[] = [0, 1]): Promise<void> {
    const prefix = trajectoryKeys.root(ROUND, trajectory);
    await Promise.all(
      nodes.map(async (node) => {
        const publish = { node, nodes: 2, prefix, trajectory, keepCheckpoints: 4 };
        const work = temporaryFolder();
        const job = trainJob({ publish, ranks: { first: node, count: 1, worldSize: 2, threads: 1 } });
        const folder = join('jobs', job.jobId, 'checkpoints', stepFolder(step));
        const content = `shard ${node} of ${trajectory}/${step}`;
        mkdirSync(join(work, folder), { recursive: true });
        writeFileSync(join(work, folder, `rank-${node}.bin`), content);
        const files = [{ path: `rank-${node}.bin`, bytes: content.length, sha256: sha256(content) }];
        const local = { step, folder, ranks: [node], files, writtenAt: '2026-11-22T20:00:00.000Z' };
        await new CheckpointPublisher(this.store, work, job, publish)
          .publishCheckpoint(local, [], new AbortController().signal, () => nodes.length < 2)
          .catch((error: unknown) => {
            if (!(error instanceof Failure && error.kind === 'CheckpointIncomplete')) throw error;
          });
      }),
    );
  }

  path(trajectory: number, step: number, file: string): string {
    return join(this.folder, trajectoryKeys.checkpoint(trajectoryKeys.root(ROUND, trajectory), step), file);
  }

  /** As a round does: gangs are opened until one has its checkpoint on an empty disk; a bad one is set aside. */
  async resume(): Promise<{ from: string; said: string[] }> {
    const said: string[] = [];
    for (let gang = 2; gang < 8; gang += 1) {
      const opened = await this.open(gang);
      said.push(...opened.passedOver);
      if (opened.checkpoint === null || opened.resume === null) return { from: 'the start', said };
      const { trajectory, step } = opened.resume;
      try {
        const jobs = new FakeJobRunner(temporaryFolder());
        await act(stageInputs({ jobs, store: this.store, workLog: new FakeWorkLog() }), [opened.checkpoint]);
        const staged = readFileSync(join(jobs.work, opened.checkpoint.to, 'rank-1.bin'), 'utf8');
        expect(staged).toBe(`shard 1 of ${trajectory}/${step}`);
        return { from: `${trajectory}/${step}`, said };
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== 'CheckpointIncomplete') throw error;
        await setAsideCheckpoint(this)({ runKey: RUN_KEY, round: '0', point: opened.resume, why: error.message });
      }
    }
    throw new Error('no gang could be formed');
  }
}

interface Case {
  befalls: string;
  /** To a round with whole checkpoints of steps 900 and 1000 in trajectory 0. */
  fault: (gangs: Gangs) => Promise<void> | void;
  from: string;
  says: string | null;
}

const CASES: Case[] = [
  { befalls: 'nothing: 1000 is newer than 900', fault: () => undefined, from: '0/1000', says: null },
  {
    befalls: 'a torn shard',
    fault: (gangs) => truncateSync(gangs.path(0, 1000, 'rank-1.bin'), 5),
    from: '0/900',
    says: 'trajectory 0, step 1000: rank-1.bin has 5 bytes, 17 were written',
  },
  {
    befalls: 'a missing file of a rank',
    fault: (gangs) => rmSync(gangs.path(0, 1000, 'rank-0.bin')),
    from: '0/900',
    says: 'trajectory 0, step 1000: rank-0.bin has no bytes, 17 were written',
  },
  {
    befalls: 'a flipped byte',
    fault: (gangs) => {
      const path = gangs.path(0, 1000, 'rank-0.bin');
      const bytes = readFileSync(path);
      bytes.writeUInt8((bytes.at(3) ?? 0) ^ 1, 3);
      writeFileSync(path, bytes);
    },
    from: '0/900',
    says: 'trajectory 0, step 1000: it was set aside: .*rank-0.bin is not what its manifest says',
  },
  {
    befalls: 'a manifest without files',
    fault: (gangs) => {
      const path = gangs.path(0, 1000, MANIFEST);
      const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
      writeFileSync(path, JSON.stringify({ ...manifest, files: [] }));
    },
    from: '0/900',
    says: 'trajectory 0, step 1000: its manifest lists no files',
  },
  {
    befalls: 'a torn manifest',
    fault: (gangs) => truncateSync(gangs.path(0, 1000, MANIFEST), 20),
    from: '0/900',
    says: 'trajectory 0, step 1000: its manifest is torn',
  },
  {
    befalls: 'a kill between the lists of the nodes and the manifest',
    fault: async (gangs) => {
      await gangs.publish(0, 1100);
      rmSync(gangs.path(0, 1100, MANIFEST));
    },
    from: '0/1000',
    says: 'trajectory 0, step 1100: its upload was never finished, it has no manifest',
  },
  {
    befalls: 'a node that never uploads its part',
    fault: (gangs) => gangs.publish(0, 1100, [0]),
    from: '0/1000',
    says: 'trajectory 0, step 1100: its upload was never finished, it has no manifest',
  },
  {
    befalls: 'an old gang that wakes up and publishes after a new one has begun',
    fault: async (gangs) => {
      expect((await gangs.open(2)).resume).toEqual({ trajectory: 0, step: 1000 });
      await gangs.publish(1, 1050);
      for (const late of [1100, 1200, 1300, 1400]) await gangs.publish(0, late);
    },
    from: '1/1050',
    says: null,
  },
];

describe('the newest whole checkpoint in the line of descent is used, and what is passed over is said, where there befalls', () => {
  test.each(CASES)('$befalls', async ({ fault, from, says }) => {
    const gangs = await Gangs.make();
    await gangs.open(1);
    for (const step of [900, 1000]) await gangs.publish(0, step);
    await fault(gangs);
    const before = await gangs.store.list(`${ROUND}/trajectories/0/checkpoints/`);
    const resumed = await gangs.resume();
    expect(resumed.from).toBe(from);
    expect(resumed.said).toEqual(says === null ? [] : [expect.stringMatching(says)]);
    // Nothing is deleted for being bad.
    const after = (await gangs.store.list(`${ROUND}/trajectories/0/checkpoints/`)).map(({ key }) => key);
    expect(after).toEqual(expect.arrayContaining(before.map(({ key }) => key)));
  });

  test('damage to all of them: training begins anew, and each is said', async () => {
    const gangs = await Gangs.make();
    await gangs.open(1);
    for (const step of [900, 1000]) {
      await gangs.publish(0, step);
      truncateSync(gangs.path(0, step, 'rank-0.bin'), 1);
    }
    const { from, said } = await gangs.resume();
    expect(from).toBe('the start');
    expect(said.map((words) => /step \d+/.exec(words)?.[0])).toEqual(['step 1000', 'step 900']);
  });
});
