import { describe, expect, test } from 'vitest';
import { RUNNER_COMMANDS, RUNNER_EXIT_CODES } from '../../../src/contract/kinds.js';
import { FineTuningRequest } from '../../../src/contract/request.js';
import { RunnerEvent } from '../../../src/contract/runner-event.js';
import { Failure } from '../../../src/domain/failures.js';
import type { MemoryFit } from '../../../src/contract/plan.js';
import { memorySum, resolvePlan } from '../../../src/domain/plan.js';
import { code, page, tableRows } from './page.js';

const text = page('training');

/** What the planner makes of a model on so many GPUs: the choice, or the best that was tried. */
function memoryOf(model: string, gpus: number, accelerator: string): { fits: boolean; best: MemoryFit } {
  const request = FineTuningRequest.parse({ model, cluster: { accelerator, nodes: 1, ranksPerNode: gpus } });
  const machine = { cpuCores: 2, memoryBytes: 24 * 2 ** 30, gpus: [] };
  try {
    const { chosen } = resolvePlan(request, { formworkVersion: '0', machine, modelConfig: null, absolute: (path) => path }).memory;
    return { fits: true, best: chosen };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'DoesNotFit') throw error;
    const considered = error.facts['considered'] as MemoryFit[];
    return { fits: false, best: considered.reduce((a, b) => (b.peakBytes < a.peakBytes ? b : a)) };
  }
}

describe('docs/training.md', () => {
  test('lists the commands of gpu_runner', () => {
    expect(tableRows(text, 'command').map(([name]) => code(name as string))).toEqual([...RUNNER_COMMANDS]);
  });

  test('lists the events of the contract', () => {
    const kinds = RunnerEvent.options.map((option) => option.shape.kind.value);
    expect(tableRows(text, 'event').map(([kind]) => code(kind as string))).toEqual(kinds);
  });

  test('lists the exit codes of the contract', () => {
    const listed = tableRows(text, 'code').filter(([, name]) => name !== '');
    expect(Object.fromEntries(listed.map(([number, name]) => [code(name as string), Number(number)]))).toEqual(RUNNER_EXIT_CODES);
  });

  const rows = tableRows(text, 'model');

  test('has the sums of two models on three machines', () => {
    expect(rows).toHaveLength(6);
  });

  test.each(rows)('the sum of %s on %s is what the planner gives', (model = '', gpus = '', fits, sum, recomputes) => {
    const [count, accelerator = ''] = gpus.split(' x ');
    const made = memoryOf(model, Number(count), accelerator);
    expect(fits).toBe(made.fits ? 'yes' : 'no');
    expect(sum).toBe(`${memorySum(made.best)} of ${(made.best.budgetBytes / 1e9).toFixed(1)} GB`);
    if (made.fits) expect(recomputes).toBe(made.best.activationCheckpointing ? 'yes' : 'no');
  });
});
