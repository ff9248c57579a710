import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunnerEvent, type RunnerEventKind } from '../../src/contract/runner-event.js';
import { runnerEvent } from '../fixtures/runner-events.js';
import { GpuRunnerDriver } from './gpu-runner-driver.js';
import { realEvents } from './real-events.js';

const KINDS: readonly RunnerEventKind[] = RunnerEvent.options.map((option) => option.shape.kind.value);

describe('what gpu_runner writes', () => {
  let python: GpuRunnerDriver;
  let lines: string[];
  beforeAll(async () => {
    python = await GpuRunnerDriver.start();
    lines = await realEvents(python);
    // Imports of torch and DeepSpeed take 20 s on two busy cores; each command a few.
  }, 240_000);
  afterAll(() => python.close());

  test('is of every kind of the contract', () => {
    const kinds = lines.map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(new Set(kinds)).toEqual(new Set(KINDS));
  });

  test('parses, and reads as it was written', () => {
    for (const line of lines) {
      const event: unknown = JSON.parse(line);
      expect(RunnerEvent.parse(event)).toEqual(event);
    }
  });

  test('has losses whose hexadecimal form is the same number', () => {
    const steps = lines.map((line) => RunnerEvent.parse(JSON.parse(line))).filter((event) => event.kind === 'step');
    expect(steps.length).toBeGreaterThan(0);
    for (const { loss, loss_hex } of steps) expect(fromHex(loss_hex ?? '')).toBe(loss);
  });
});

describe('what gpu_runner does not write', () => {
  test('an event of an unknown kind is refused', () => {
    const result = RunnerEvent.safeParse({ ...runnerEvent('finished'), kind: 'finishd' });
    expect(result.error?.issues[0]).toMatchObject({ code: 'invalid_union', path: ['kind'] });
  });

  describe.each(KINDS)('an event %s', (kind) => {
    const event = runnerEvent(kind);

    test('with an unknown key is refused, and the key is named', () => {
      const result = RunnerEvent.safeParse({ ...event, exitt: 1 });
      expect(result.error?.issues[0]).toMatchObject({ code: 'unrecognized_keys', keys: ['exitt'] });
    });

    test('without one of its keys is refused, and the key is named', () => {
      for (const key of Object.keys(event)) {
        const result = RunnerEvent.safeParse(Object.fromEntries(Object.entries(event).filter(([name]) => name !== key)));
        expect(result.error?.issues[0]?.path).toEqual([key]);
      }
    });

    test('with a value of another type is refused, and the key is named', () => {
      for (const [key, value] of Object.entries(event)) {
        const result = RunnerEvent.safeParse({ ...event, [key]: typeof value === 'string' ? 7 : 'text' });
        expect(result.error?.issues[0]?.path).toEqual([key]);
      }
    });
  });
});

/** A number as Python's float.hex writes it, e.g. 0x1.4p+1. */
function fromHex(text: string): number {
  const match = /^0x(?<whole>[01])\.(?<digits>[0-9a-f]+)p(?<exponent>[+-]\d+)$/.exec(text)?.groups;
  if (match === undefined) throw new Error(`${text} is not a hexadecimal float`);
  const { whole = '', digits = '', exponent = '' } = match;
  return Number(BigInt(`0x${whole}${digits}`)) * 2 ** (Number(exponent) - 4 * digits.length);
}
