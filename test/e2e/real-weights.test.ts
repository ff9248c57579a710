import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RunReport } from '../../src/contract/report.js';
import { packageFile } from '../../src/platform/package-root.js';
import { testDataFolder } from '../fixtures/test-data.js';
import { Sandbox } from './sandbox.js';
import { asOptions, shortRequest } from './short-request.js';

const weights = testDataFolder('stories260k');

describe.skipIf(weights === null)('a run from trained weights in a transformers directory', () => {
  const box = new Sandbox();
  afterAll(() => box.close());

  it('goes on learning from them, and exports a model of the same shape with the special tokens added', async () => {
    const model = join(box.root, 'stories260k');
    const python = process.env['FORMWORK_PYTHON'] ?? 'python3';
    const convert =
      'import sys; from pathlib import Path; from tests.stories260k import write_transformers_directory as w; w(*map(Path, sys.argv[1:]))';
    execFileSync(python, ['-c', convert, weights as string, model], { cwd: packageFile('gpu-runner'), stdio: 'pipe' });

    const request = { ...shortRequest(join(box.root, 'data')), model: `path:${model}` };
    const started = box.formwork(['run', '--set', 'runKey=stories', '--set', 'training.learningRate=0.002', ...asOptions(request)]);
    expect(await started.ended, started.stderr + started.stdout).toBe(0);

    const stored = (...path: string[]): string => join(box.home, 'store', 'runs', 'stories', ...path);
    const report = RunReport.parse(JSON.parse(readFileSync(stored('report', 'report.json'), 'utf8')));
    const [first, last] = [report.loss[0], report.loss.at(-1)];
    expect(last?.loss).toBeLessThan((first?.loss ?? 0) / 2);

    const shape = (folder: string): Record<string, number> => {
      const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, number>;
      return Object.fromEntries(
        ['hidden_size', 'num_hidden_layers', 'num_attention_heads'].map((name) => [name, config[name] ?? NaN]),
      );
    };
    expect(shape(stored('model'))).toEqual(shape(model));
    const vocabulary = (folder: string): number =>
      (JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as { vocab_size: number }).vocab_size;
    expect(vocabulary(stored('model'))).toBeGreaterThan(vocabulary(model));
    expect(box.processes()).toEqual([]);
  });
});
