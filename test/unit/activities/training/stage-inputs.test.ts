import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { stageInputs, type StagedInput } from '../../../../activities/training/stage-inputs.js';
import { Failure } from '../../../../src/domain/failures.js';
import { FakeJobRunner } from '../../../fakes/fake-job-runner.js';
import { FakeWorkLog } from '../../../fakes/fake-work-log.js';
import { act, ActivityContext } from '../../../fixtures/activity-context.js';
import { failure } from '../../../fixtures/failure.js';
import { StoredRun } from '../../../fixtures/stored-run.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

class Node {
  readonly run = new StoredRun();
  readonly jobs = new FakeJobRunner(temporaryFolder());
  readonly folder = this.run.checkpoint(0, 50);
  readonly stage = stageInputs({ store: this.run.store, jobs: this.jobs, workLog: new FakeWorkLog() });
  readonly input: StagedInput = { kind: 'folder', key: this.folder, to: 'resume/50' };

  path(...parts: string[]): string {
    return join(this.jobs.work, ...parts);
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  /** An object, and how to stage it. */
  file(key: string, content: string, optional = false): StagedInput {
    this.run.store.objects.set(key, Buffer.from(content));
    return { kind: 'file', key, to: key, optional };
  }
}

test('a file of other content than its manifest says is refused, and not left on the node', async () => {
  const node = new Node();
  const input = { ...node.file('datasets/d/train.jsonl', '{"prompt":"a"}\n'), sha256: 'f'.repeat(64) };
  await expect(act(node.stage, [input])).rejects.toEqual(
    failure('CheckpointIncomplete', /train\.jsonl is not what its manifest says: sha256 [0-9a-f]{64}, expected f{64}/),
  );
  expect(existsSync(node.path('datasets/d/train.jsonl'))).toBe(false);
});

describe('a folder', () => {
  test('comes with the files of its manifest, and with no others', async () => {
    const node = new Node();
    node.run.store.objects.set(`${node.folder}/stray.bin`, Buffer.from('of a torn upload'));
    await act(node.stage, [node.input]);
    expect(readdirSync(node.path('resume/50/deepspeed'))).toEqual(['rank-0.bin', 'rank-1.bin']);
    expect(readdirSync(node.path('resume/50'))).toEqual(['.staged', 'deepspeed']);
    expect(node.read('resume/50/deepspeed/rank-1.bin')).toBe('deepspeed/rank-1.bin at 0/50');
  });

  test('twice is fetched once', async () => {
    const node = new Node();
    await act(node.stage, [node.input, node.input]);
    await act(node.stage, [node.input]);
    expect(node.run.store.countOf('getFile')).toBe(2);
  });

  test('that another content took the place of is fetched anew', async () => {
    const node = new Node();
    await act(node.stage, [node.input]);
    const other = node.run.checkpoint(0, 60);
    await act(node.stage, [{ kind: 'folder', key: other, to: 'resume/50' }]);
    expect(node.read('resume/50/deepspeed/rank-0.bin')).toBe('deepspeed/rank-0.bin at 0/60');
  });

  test.each<[string, RegExp, (node: Node) => void]>([
    [
      'with a file of other bytes',
      /rank-0\.bin is not what its manifest says/,
      (node) => node.run.store.corrupt(`${node.folder}/deepspeed/rank-0.bin`),
    ],
    [
      'without one of its files',
      /no object .*rank-1\.bin/,
      (node) => node.run.store.objects.delete(`${node.folder}/deepspeed/rank-1.bin`),
    ],
    ['without a manifest', /has no manifest/, (node) => node.run.store.objects.delete(`${node.folder}/manifest.json`)],
  ])('%s is refused, and does not appear', async (_, message, hurt) => {
    const node = new Node();
    hurt(node);
    await expect(act(node.stage, [node.input])).rejects.toEqual(failure('CheckpointIncomplete', message));
    expect(existsSync(node.path('resume/50'))).toBe(false);
  });

  test('that was refused is taken once it is mended: the bad file is not kept', async () => {
    const node = new Node();
    node.run.store.corrupt(`${node.folder}/deepspeed/rank-0.bin`);
    await expect(act(node.stage, [node.input])).rejects.toThrow();
    node.run.store.corrupt(`${node.folder}/deepspeed/rank-0.bin`);
    await act(node.stage, [node.input]);
    expect(node.read('resume/50/deepspeed/rank-0.bin')).toBe('deepspeed/rank-0.bin at 0/50');
  });

  test('goes on after a failure with the files that are still missing', async () => {
    const node = new Node();
    node.run.store.failWith(new Failure('StoreUnavailable', 'away'), ({ key }) => key.endsWith('rank-1.bin'), 1);
    await expect(act(node.stage, [node.input])).rejects.toThrow('away');
    await act(node.stage, [node.input]);
    expect(node.run.store.countOf('getFile', `${node.folder}/deepspeed/rank-0.bin`)).toBe(1);
  });

  test('ends when it is cancelled, and the next try is whole', async () => {
    const node = new Node();
    const context = new ActivityContext();
    context.cancel();
    await expect(context.run(node.stage, [node.input])).rejects.toThrow(/abort|CANCELLED/i);
    expect(existsSync(node.path('resume/50'))).toBe(false);
    await act(node.stage, [node.input]);
    expect(node.read('resume/50/deepspeed/rank-0.bin')).toBe('deepspeed/rank-0.bin at 0/50');
  });
});

describe('a file', () => {
  test('comes, and replaces an older one', async () => {
    const node = new Node();
    await act(node.stage, [node.file('a/items.jsonl', 'old')]);
    await act(node.stage, [node.file('a/items.jsonl', 'new')]);
    expect(node.read('a/items.jsonl')).toBe('new');
  });

  test('that is not there is an error', async () => {
    const node = new Node();
    await expect(act(node.stage, [{ kind: 'file', key: 'a/none', to: 'a/none', optional: false }])).rejects.toEqual(
      failure('CheckpointIncomplete', /no object a\/none/),
    );
  });

  test('that may be missing, may be', async () => {
    const node = new Node();
    await act(node.stage, [{ kind: 'file', key: 'a/none', to: 'a/none', optional: true }]);
    expect(existsSync(node.path('a/none'))).toBe(false);
  });

  test('of predictions is taken where the node has none, and never over its own, which are newer', async () => {
    const node = new Node();
    const input = node.file('a/predictions.jsonl', '1\n', true);
    await act(node.stage, [input]);
    appendFileSync(node.path('a/predictions.jsonl'), '2\n');
    await act(node.stage, [input]);
    expect(node.read('a/predictions.jsonl')).toBe('1\n2\n');
  });
});

test('while it stages it beats, and says at what', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const node = new Node();
    mkdirSync(node.path('a'));
    writeFileSync(node.path('a/x'), '');
    let letGo = (): void => undefined;
    const slow = new Promise<void>((resolve) => (letGo = resolve));
    vi.spyOn(node.run.store, 'getFile').mockImplementation(() => slow.then(() => ({ bytes: 0, sha256: '' })));
    const context = new ActivityContext();
    const staged = context.run(node.stage, [node.file('a/x', '')]);
    await vi.advanceTimersByTimeAsync(4_100);
    expect(context.beats).toEqual([{ staging: 'a/x' }, { staging: 'a/x' }]);
    letGo();
    await staged;
    await vi.advanceTimersByTimeAsync(4_000);
    expect(context.beats).toHaveLength(2);
  } finally {
    vi.useRealTimers();
  }
});
