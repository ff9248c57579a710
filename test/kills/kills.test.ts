import { describe, expect, it } from 'vitest';
import { runnerNamed } from './runners.js';
import { runSeason } from './season.js';
import { lineOf } from './trial.js';

/** What is struck, and when, is left to chance, and can be repeated. */
const SEED = Number(process.env['FORMWORK_TEST_SEED'] ?? Date.now() % 1_000_000);

/** As many as take a minute beside each other; `npm run kills` has more. */
const FEW = { 'stand-in': { seeds: 10, lanes: 4 }, deepspeed: { seeds: 1, lanes: 1 } } as const;

// Side by side: both wait more than they compute.
describe.concurrent.each(['stand-in', 'deepspeed'] as const)('rounds on %s ranks that are struck at random moments', (name) => {
  it('come to the weights of the unbroken one, by one line of descent, with no step told twice and nothing left', async () => {
    const few = FEW[name];
    const seeds = Array.from({ length: few.seeds }, (_, index) => SEED + index);
    process.stdout.write(`${name}: FORMWORK_TEST_SEED=${SEED}\n`);
    const { trials, faults } = await runSeason(runnerNamed(name), seeds, few.lanes, (trial) =>
      process.stdout.write(`${lineOf(trial)}\n`),
    );
    expect(faults).toEqual([]);
    expect(trials.filter((trial) => trial.faults.length > 0).map(lineOf)).toEqual([]);
    expect(trials).toHaveLength(seeds.length);
  });
});
