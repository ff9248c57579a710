import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RUNNER_COMMANDS, RUNNER_EXIT_CODES } from '../../src/contract/kinds.js';
import { withMissingKeys, withUnknownKeys, withWrongTypes, type FaultyPlan } from './faulty-plans.js';
import { GpuRunnerDriver } from './gpu-runner-driver.js';
import { writtenPlans } from './written-plans.js';

let python: GpuRunnerDriver;
beforeAll(async () => {
  python = await GpuRunnerDriver.start();
});
afterAll(() => python.close());

const plans = writtenPlans();

test('the plans of these tests cover every command', () => {
  expect(new Set(Object.values(plans).map(({ command }) => command))).toEqual(new Set(RUNNER_COMMANDS));
});

test.each(Object.keys(plans))('Python reads what TypeScript writes: %s', async (name) => {
  const plan = plans[name];
  if (plan === undefined) throw new Error(name);
  expect(await python.load(plan.command, plan)).toEqual({ plan });
});

describe('a faulty plan ends in the exit code of configuration and a message that names the key', () => {
  const kinds: Record<string, (plan: (typeof plans)[string]) => FaultyPlan[]> = {
    'an unknown key in any object': withUnknownKeys,
    'a missing key of any object': withMissingKeys,
    'a value of another type at any depth': withWrongTypes,
  };
  test.each(Object.keys(kinds))('%s', async (kind) => {
    const faulty = Object.values(plans).flatMap((plan) => (kinds[kind]?.(plan) ?? []).map((fault) => ({ plan, fault })));
    expect(faulty.length).toBeGreaterThan(Object.keys(plans).length - 1);
    for (const { plan, fault } of faulty) {
      const answer = await python.load(plan.command, fault.plan);
      expect(answer, fault.says).toMatchObject({ exit: 'config', code: RUNNER_EXIT_CODES.config });
      expect(answer).toHaveProperty('message', expect.stringContaining(fault.says));
    }
  });

  test('a list that is shorter or longer than the contract has it', async () => {
    const plan = plans['train of the default request'];
    for (const betas of [[], [0.9], [0.9, 0.98, 0.99]]) {
      const answer = await python.load('train', { ...plan, adam_betas: betas });
      expect(answer).toMatchObject({ exit: 'config' });
      expect(answer).toHaveProperty('message', expect.stringContaining('adam_betas'));
    }
  });

  test('a plan of another command than the command line has', async () => {
    const answer = await python.load('train', plans['export']);
    expect(answer).toMatchObject({ exit: 'config', code: RUNNER_EXIT_CODES.config });
    expect(answer).toHaveProperty(
      'message',
      expect.stringContaining("command: expected 'train' as on the command line, got 'export'"),
    );
  });
});

describe('the exit codes', () => {
  test('are the same list in both languages', async () => {
    expect((await python.codes()).codes).toEqual(RUNNER_EXIT_CODES);
  });

  test('each but ok belongs to one exception of gpu_runner', async () => {
    expect((await python.codes()).raised.sort()).toEqual(
      Object.keys(RUNNER_EXIT_CODES)
        .filter((name) => name !== 'ok')
        .sort(),
    );
  });

  test('are apart from those of Python itself and of signals', () => {
    const codes = Object.values(RUNNER_EXIT_CODES).filter((code) => code !== 0);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code > 2 && code < 128).toBe(true);
  });
});
