import { describe, expect, test } from 'vitest';
import { goodputFaults } from '../../siege/goodput-faults.js';
import { siegeSections } from '../../siege/page.js';
import type { GoodputResult, RunDigest, StruckFault, ViggoResult } from '../../siege/result.js';
import { VIGGO_FAULTS } from '../../siege/viggo-faults.js';
import { code, tableRows } from '../docs/page.js';

const stamp = { at: '2026-11-22T20:00:00.000Z', seed: 7, machine: { cores: 2, memoryGib: 24, beside: 'a compiler' } };

const struck = (name: string, changes: Partial<StruckFault> = {}): StruckFault => ({
  ...{ name, stage: 'train', step: 12, execution: 2, what: 'something', seconds: 60, failures: [], hitsWorkers: false },
  ...{ struckAt: stamp.at, overAt: stamp.at, contactAfter: null, goesOnAfter: 3.2, startedAgainAfter: null },
  ...changes,
});

const digest: RunDigest = {
  ...{ seconds: 240, executions: 1, gangs: 1, steps: 600, stepsRedone: 0, chosenEpoch: 6 },
  ...{ weightsSha256: 'w', lossesSha256: 'l', modelSha256: 'm', answersSha256: 'a' },
};

const viggo: ViggoResult = {
  ...stamp,
  unbroken: digest,
  sieged: { ...digest, executions: 4, gangs: 6, stepsRedone: 81, answersSha256: 'b' },
  faults: [
    struck('kill-rank', { failures: ['RankKilled'] }),
    struck('terminate-tree', { stage: 'test', step: null, startedAgainAfter: 'terminated' }),
  ],
  problems: ['predictions on test: b; unbroken a'],
};

const names = goodputFaults(60).map(({ name }) => name);
const free = { lost: 0, noticing: 0, python: 0, engine: 0, restore: 0, waiting: 0 };
const goodput: GoodputResult = {
  ...stamp,
  ...{ steps: 4000, seconds: 1800, outageSeconds: 60, checkpointEverySteps: 50, stepSeconds: 20 },
  ...{ milliseconds: 3_600_000, kept: 2_880_000, ordinary: { checkpoint: 36_000 } },
  costs: names.map((_, index) => (index === 0 ? { ...free, lost: 9000, python: 18_000, waiting: 3000 } : free)),
  faults: names.map((name) => struck(name)),
  problems: [],
};

describe('the sections of sieges', () => {
  test('have before any siege what is going to be done, and no number', () => {
    const text = siegeSections({ viggo: null, goodput: null }).join('\n\n');
    expect(tableRows(text, 'fault').map(([name]) => code(name as string))).toEqual(VIGGO_FAULTS.map(({ name }) => name));
    expect(text.match(/Not measured\./g)).toHaveLength(2);
  });

  test('say of two runs what is equal and what is not, where each fault struck, and what is wrong', () => {
    const text = siegeSections({ viggo, goodput: null }).join('\n\n');
    expect(text).toContain('beside a compiler; seed 7. It was not so:');
    expect(text).toContain('- predictions on test: b; unbroken a');
    expect(tableRows(text, '')).toEqual([
      ['weights, SHA-256', '`w`', '`w`', 'equal'],
      ['losses, SHA-256', '`l`', '`l`', 'equal'],
      ['model.safetensors, SHA-256', '`m`', '`m`', 'equal'],
      ['test predictions, SHA-256', '`a`', '`b`', 'different'],
      ['steps', '600', '600, and 81 done again', ''],
      ['executions, gangs', '1, 1', '4, 6', ''],
      ['took', '4.0 min', '4.0 min', ''],
    ]);
    expect(tableRows(text, 'fault').slice(VIGGO_FAULTS.length)).toEqual([
      ['`kill-rank`', 'execution 2, train, step 12', '`RankKilled`', '3.2 s'],
      ['`terminate-tree`', 'execution 2, test', 'started again after terminated', '3.2 s'],
    ]);
  });

  test('say what of the time of nodes was kept, and what of the rest was the start of Python', () => {
    const text = siegeSections({ viggo: null, goodput }).join('\n\n');
    expect(text).toContain('**Goodput 80.0 %** over 30.0 min and 4000 steps');
    expect(text).toContain(
      'the start of Python alone 0.5 %, which is 60.0 % of what they cost; without a fault: `checkpoint` 1.0 %',
    );
    const rows = tableRows(text, 'fault').slice(VIGGO_FAULTS.length);
    expect(rows[0]).toEqual(['`kill-rank`', 'SIGKILL to a rank', '9.0', '', '18.0', '', '', '3.0', '30.0']);
    expect(rows.map(([name]) => code(name as string))).toEqual(names);
  });
});
