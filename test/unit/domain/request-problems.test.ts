import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FineTuningRequest } from '../../../src/contract/request.js';
import { describeProblems, requestProblems, type KnownFields, type RequestProblem } from '../../../src/domain/request-problems.js';

const schema = z.toJSONSchema(FineTuningRequest, { io: 'input' }) as KnownFields;

function problemsOf(input: unknown): RequestProblem[] {
  const parsed = FineTuningRequest.safeParse(input);
  return parsed.success ? [] : requestProblems(parsed.error, input, schema);
}
const only = (input: unknown): RequestProblem => {
  const problems = problemsOf(input);
  expect(problems).toHaveLength(1);
  return problems[0] as RequestProblem;
};

describe('an unknown field', () => {
  test('is named with the nearest known one', () => {
    const { path, message } = only({ training: { epoch: 3 } });
    expect(path).toBe('training.epoch');
    expect(message).toMatch(/^unknown field; the nearest known one is epochs \(known here: epochs, learningRate, /);
  });

  test('at the top is held against the top', () => {
    expect(only({ trainig: {} })).toMatchObject({ path: 'trainig', message: expect.stringContaining('is training ') as string });
  });

  test('two levels down is held against what is known there', () => {
    expect(only({ data: { mapping: { imput: 'ref' } } })).toEqual({
      path: 'data.mapping.imput',
      message: 'unknown field; the nearest known one is input (known here: input, target, id)',
    });
  });
});

describe('a wrong value', () => {
  test.each<[string, unknown, string, RegExp]>([
    [
      'of another type',
      { training: { gradientClipping: 'much' } },
      'training.gradientClipping',
      /^expected a number, got "much" \(largest/,
    ],
    [
      'that is no whole number',
      { training: { keepCheckpoints: 2.5 } },
      'training.keepCheckpoints',
      /^expected a whole number, got 2\.5/,
    ],
    ['below the least', { training: { epochs: 0 } }, 'training.epochs', /^expected at least 1, got 0/],
    ['above the most', { deadlineMinutes: 1e6 }, 'deadlineMinutes', /^expected at most 43200, got 1000000/],
    ['on an open bound', { training: { gradientClipping: 0 } }, 'training.gradientClipping', /^expected more than 0, got 0/],
    ['on an open upper bound', { training: { warmupShare: 1 } }, 'training.warmupShare', /^expected less than 1, got 1/],
    ['outside a closed list', { task: 'chess' }, 'task', /^expected "viggo", got "chess"/],
    [
      'outside a longer list',
      { training: { schedule: 'flat' } },
      'training.schedule',
      /^expected one of "cosine", "linear", got "flat"/,
    ],
    ['of a form', { runKey: 'a/b' }, 'runKey', /^expected up to 100 letters, digits.*got "a\/b"/],
    ['that is empty', { data: { mapping: { input: '' } } }, 'data.mapping.input', /^expected at least 1 character\(s\), got ""/],
    ['for an object', { training: 7 }, 'training', /^expected an object, got 7/],
    ['null for an object', { training: null }, 'training', /^expected an object, got null/],
  ])('%s says what was expected and what came', (_, input, path, message) => {
    expect(only(input)).toEqual({ path, message: expect.stringMatching(message) as string });
  });

  test('of the right type in a union says what is wrong with it', () => {
    expect(only({ training: { learningRate: 5 } }).message).toMatch(/^expected at most 1, got 5 \(peak learning rate/);
  });

  test('of none of the types of a union names every form that would do', () => {
    expect(only({ training: { epochs: 1, learningRate: 'fast' } }).message).toMatch(/^expected "auto", or a number, got/);
    expect(only({ training: { precision: 'fp16' } }).message).toMatch(/^expected "auto", or one of "fp32", "bf16", got "fp16"/);
  });

  test('a batch that no planner could divide is refused by its size', () => {
    expect(only({ training: { batchTokens: 1e15 } }).message).toMatch(/^expected at most 67108864, got 1000000000000000/);
  });

  test('that is long is cut', () => {
    expect(only({ runKey: 'x'.repeat(500) }).message).toMatch(/got "x{76}\.\.\. \(/);
  });
});

test('a request that is no object is a problem of the whole', () => {
  expect(describeProblems(problemsOf('{}'))).toBe(
    'the request has a problem:\n- the request: expected an object, got "{}"' + meaning(),
  );
});

test('every problem is told at once, one a line', () => {
  const problems = problemsOf({ training: { epochs: 0, epoch: 1 }, task: 'chess' });
  expect(problems.map(({ path }) => path)).toEqual(['task', 'training.epochs', 'training.epoch']);
  const text = describeProblems(problems).split('\n');
  expect(text).toHaveLength(4);
  expect(text[0]).toBe('the request has 3 problems:');
});

function meaning(): string {
  return ` (${schema.description ?? ''})`;
}
