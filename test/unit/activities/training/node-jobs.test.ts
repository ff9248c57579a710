import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { describeNode } from '../../../../activities/cluster/describe-node.js';
import { storePredictions } from '../../../../activities/evaluation/store-predictions.js';
import { pickRendezvous } from '../../../../activities/training/pick-rendezvous.js';
import { planNodeJob, type NodeJob, type PlannedNodeJob } from '../../../../activities/training/plan-node-job.js';
import { startRanks } from '../../../../activities/training/start-ranks.js';
import { stopRanks } from '../../../../activities/training/stop-ranks.js';
import { NodeFacts } from '../../../../src/contract/cluster.js';
import { JobSpec } from '../../../../src/contract/job.js';
import { runKeys } from '../../../../src/domain/store-keys.js';
import { FakeJobRunner } from '../../../fakes/fake-job-runner.js';
import { FakeNodeSelf } from '../../../fakes/fake-node-self.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { FakeWorkLog } from '../../../fakes/fake-work-log.js';
import { act, ActivityContext } from '../../../fixtures/activity-context.js';
import { failure } from '../../../fixtures/failure.js';
import { datasetManifest, trainJob } from '../../../fixtures/job-spec.js';
import { runnerEvent } from '../../../fixtures/runner-events.js';
import { MODEL_ID, RUN_KEY, StoredRun } from '../../../fixtures/stored-run.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

vi.mock('node:timers/promises', () => import('../../../fixtures/quick-delays.js'));

describe('starting ranks', () => {
  test('twice starts one set of them', async () => {
    const jobs = new FakeJobRunner(temporaryFolder());
    const workLog = new FakeWorkLog();
    expect(await act(startRanks({ jobs, workLog }), trainJob())).toBe('started');
    expect(await act(startRanks({ jobs, workLog }), trainJob())).toBe('adopted');
    expect(jobs.starts).toBe(1);
  });
});

describe('stopping ranks', () => {
  test('ends when they have ended, and beats until then', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const jobs = new FakeJobRunner(temporaryFolder());
      let end = (): void => undefined;
      const stop = vi.spyOn(jobs, 'stop').mockReturnValue(new Promise<void>((resolve) => (end = resolve)));
      const context = new ActivityContext();
      const stopped = context.run(stopRanks({ jobs }), { jobId: 'j', mode: 'checkpoint' as const });
      await vi.advanceTimersByTimeAsync(6_100);
      expect(context.beats).toHaveLength(3);
      end();
      await stopped;
      expect(stop.mock.calls).toEqual([['j', 'checkpoint']]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('twice, and of a job that never was, is no error', async () => {
    const jobs = new FakeJobRunner(temporaryFolder());
    const spec = trainJob();
    await jobs.start(spec);
    for (const jobId of [spec.jobId, spec.jobId, 'never']) await act(stopRanks({ jobs }), { jobId, mode: 'now' as const });
    expect((await jobs.look(spec.jobId))?.supervisor?.exits).toHaveLength(2);
  });
});

describe('a rendezvous', () => {
  test('is where other nodes reach this one, with a free port each time', async () => {
    const pick = pickRendezvous({ self: new FakeNodeSelf() });
    const [first, second] = [await pick(), await pick()];
    expect(first.address).toBe('10.0.0.7');
    expect(second.port).not.toBe(first.port);
  });
});

describe('describing a node', () => {
  const fence = { runKey: RUN_KEY, owner: 3, gang: 0 };
  const node = (whenStarted: (jobs: FakeJobRunner, jobId: string) => Promise<void>): FakeJobRunner => {
    const jobs = new FakeJobRunner(temporaryFolder());
    jobs.whenStarted = ({ jobId }) => whenStarted(jobs, jobId);
    return jobs;
  };
  const answers = async (jobs: FakeJobRunner, jobId: string): Promise<void> => {
    await jobs.tell(jobId, runnerEvent('described', { device: 'cuda', gpus: [{ name: 'H100', memory_bytes: 80e9 }] }));
    jobs.end(jobId);
  };

  test('puts together what the machine and what its Python says', async () => {
    const jobs = node(answers);
    const facts = NodeFacts.parse(
      await act(describeNode({ jobs, self: new FakeNodeSelf(), workLog: new FakeWorkLog() }), { fence }),
    );
    expect(facts).toMatchObject({ hostname: 'node-a', rankAddress: '10.0.0.7', device: 'cuda', python: '3.11.2' });
    expect(facts.gpus).toEqual([{ name: 'H100', memoryBytes: 80e9 }]);
  });

  test('twice asks Python once', async () => {
    const jobs = node(answers);
    const ports = { jobs, self: new FakeNodeSelf(), workLog: new FakeWorkLog() };
    expect(await act(describeNode(ports), { fence })).toEqual(await act(describeNode(ports), { fence }));
    expect(jobs.starts).toBe(1);
  });

  test('waits for the answer', async () => {
    const jobs = node(() => Promise.resolve());
    const described = act(describeNode({ jobs, self: new FakeNodeSelf(), workLog: new FakeWorkLog() }), { fence });
    const look = vi.spyOn(jobs, 'look');
    await vi.waitFor(() => expect(look.mock.calls.length).toBeGreaterThan(3));
    await answers(jobs, 'describe-3');
    expect((await described).device).toBe('cuda');
  });

  test('whose Python does not work says so, with what it ended of', async () => {
    const jobs = node(async (own, jobId) => own.end(jobId, 'EnvironmentNotReady'));
    await expect(act(describeNode({ jobs, self: new FakeNodeSelf(), workLog: new FakeWorkLog() }), { fence })).rejects.toEqual(
      failure('EnvironmentNotReady', /gpu_runner does not work on this node: it ended of EnvironmentNotReady/),
    );
  });
});

describe('planning a job of one node', () => {
  const plan = (job: NodeJob, run = new StoredRun()): Promise<PlannedNodeJob> =>
    planNodeJob(run)({ runKey: RUN_KEY, fence: 1, gang: 2, datasetId: datasetManifest.id, jobId: 'job', job });
  const keys = ({ inputs }: PlannedNodeJob): string[] => inputs.map(({ key }) => key);

  test.each<[NodeJob, string[]]>([
    [{ kind: 'init' }, [`datasets/${datasetManifest.id}/train.jsonl`]],
    [
      { kind: 'tokens', modelId: MODEL_ID },
      [`models/${MODEL_ID}`, `datasets/${datasetManifest.id}/train.jsonl`, `datasets/${datasetManifest.id}/validation.jsonl`],
    ],
    [{ kind: 'export', snapshot: 'runs/test/epochs/2', card: 'runs/test/card.md' }, ['runs/test/epochs/2', 'runs/test/card.md']],
  ])('%o stages what it reads, and never the test split', async (job, expected) => {
    const planned = await plan(job);
    expect(JobSpec.parse(planned.spec)).toMatchObject({
      ...{
        jobId: 'job',
        fence: { runKey: RUN_KEY, owner: 1, gang: 2 },
        storePrefix: runKeys.job(RUN_KEY, 1, 'job'),
        publish: null,
      },
      ranks: { first: 0, count: 1, worldSize: 1 },
      plan: { command: job.kind },
    });
    expect(keys(planned)).toEqual(expected);
  });

  test('without the plan of its owner is refused: the store was cleaned', async () => {
    const run = new StoredRun();
    run.store.objects.delete(runKeys.plan(RUN_KEY, 1));
    await expect(plan({ kind: 'init' }, run)).rejects.toEqual(failure('InvalidData', /has no runs\/test\/plan\/1\.json.*cleaned/));
  });
});

describe('storing predictions', () => {
  const node = (): { jobs: FakeJobRunner; store: InMemoryObjectStore } => ({
    jobs: new FakeJobRunner(temporaryFolder()),
    store: new InMemoryObjectStore(),
  });
  const places = { from: 'evaluations/p.jsonl', to: 'runs/test/evaluations/test/p.jsonl' };
  const write = ({ jobs }: { jobs: FakeJobRunner }, text: string): void => {
    mkdirSync(join(jobs.work, 'evaluations'), { recursive: true });
    writeFileSync(join(jobs.work, places.from), text);
  };

  test('keeps what there is so far; later ones take the place of earlier ones', async () => {
    const ports = node();
    write(ports, '1\n');
    await act(storePredictions(ports), places);
    write(ports, '1\n2\n');
    await act(storePredictions(ports), places);
    await act(storePredictions(ports), places);
    expect(ports.store.need(places.to).toString('utf8')).toBe('1\n2\n');
    expect(readFileSync(join(ports.jobs.work, places.from), 'utf8')).toBe('1\n2\n');
  });

  test('where none has been made yet leaves those of an earlier attempt', async () => {
    const ports = node();
    ports.store.objects.set(places.to, Buffer.from('1\n'));
    await act(storePredictions(ports), places);
    expect(ports.store.need(places.to).toString('utf8')).toBe('1\n');
  });
});
