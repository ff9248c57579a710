import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RunPlan } from '../../src/contract/plan.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { CLUSTERS, FITTING, NOT_FITTING, type ClusterName } from '../fixtures/published-models.js';
import { Sandbox } from './sandbox.js';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.close());

describe('formwork plan', () => {
  test.each(FITTING)('$model on $cluster: $gigabytes GB a rank at the step', async (row) => {
    const { code, stdout } = await plan(row.model, row.cluster);
    expect(code).toBe(EXIT.ok);
    const { memory, training, cluster } = RunPlan.parse(JSON.parse(stdout));
    expect(memory.chosen).toMatchObject({ zeroStage: row.zeroStage, fits: true });
    expect(Math.abs(memory.chosen.stepBytes / 1e9 - row.gigabytes)).toBeLessThanOrEqual(row.within);
    if (row.recomputes) expect(memory.chosen.activationCheckpointing).toBe(true);
    // What is trained with is what was summed.
    expect(training).toMatchObject({
      zeroStage: row.zeroStage,
      microBatchRows: memory.chosen.microBatchRows,
      activationCheckpointing: memory.chosen.activationCheckpointing,
      precision: 'bf16',
    });
    expect(cluster.worldSize).toBe(CLUSTERS[row.cluster].nodes * CLUSTERS[row.cluster].ranksPerNode);
    expectNothingLeft();
  });

  test.each(NOT_FITTING.filter(({ model }) => model === 'llama-2-13b'))(
    '$model on $cluster: no, $gigabytes GB a rank at the step at best',
    async (row) => {
      const { code, stdout, stderr } = await plan(row.model, row.cluster);
      expect(code).toBe(EXIT.badInput);
      expect(stdout).toBe('');
      expect(stderr).toContain(`${row.model} (`);
      expect(stderr).toContain(`${row.gigabytes.toFixed(1)} GB at the step`);
      expect(stderr).toMatch(/Ask for about \d+ ranks/);
      expectNothingLeft();
    },
  );

  test('says in words what fits, and by how much the stages before it do not', async () => {
    const { code, stdout } = await plan('llama-2-13b', '8 x 80 GB', []);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^model {5}llama-2-13b, 13\.0 billion parameters/m);
    expect(stdout).toMatch(/^memory {4}fits: .*ZeRO-2: .*55\.3 GB at the step\) of 77\.0 GB/m);
    expect(stdout).toMatch(/^ {10}not ZeRO-1: .*78\.1 GB at the step/m);
  });
});

/** A request file, as a person would plan with it before there is any GPU. */
async function plan(
  model: string,
  cluster: ClusterName,
  options = ['--json'],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  writeFileSync(join(sandbox.root, 'request.json'), JSON.stringify({ model, cluster: CLUSTERS[cluster] }));
  const started = sandbox.formwork(['plan', 'request.json', ...options]);
  const code = await started.ended;
  return { code, stdout: started.stdout, stderr: started.stderr };
}

function expectNothingLeft(): void {
  expect(sandbox.processes()).toEqual([]);
  expect(existsSync(sandbox.home)).toBe(false);
  expect(readdirSync(sandbox.root)).toEqual(['request.json']);
}
