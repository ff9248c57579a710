/**
 * `npm run kills [-- --runner stand-in|deepspeed --seeds N --lanes N]`: rounds of training that are struck at random moments, each held
 * against one that nothing happens to. Without options: 300 seeds with ranks that load no PyTorch, then 25 with DeepSpeed. What all seeds
 * of a runner come to is kept in the repository, and docs/durability.md shows it. FORMWORK_TEST_SEED is the first seed; with `--seeds 1`
 * it repeats one.
 */
import { parseArgs } from 'node:util';
import { prepareTestMachine } from '../../bin/test-machine.js';
import { writeDurabilityPage } from '../durability/write-page.js';
import { measuringMachine } from '../fixtures/measuring-machine.js';
import { RUNNERS, runnerNamed, type Runner } from './runners.js';
import { runSeason } from './season.js';
import { keepSummary, type Summary } from './summary.js';
import { lineOf } from './trial.js';

const { values } = parseArgs({
  options: { runner: { type: 'string' }, seeds: { type: 'string' }, lanes: { type: 'string' } },
});
const firstSeed = Number(process.env['FORMWORK_TEST_SEED'] ?? Date.now() % 1_000_000);

const { env } = await prepareTestMachine();
Object.assign(process.env, env);
let isSound = true;
for (const runner of values.runner === undefined ? RUNNERS : [runnerNamed(values.runner)]) {
  const summary = await strikeAll(runner);
  isSound &&= summary.failedSeeds.length === 0 && summary.faults.length === 0;
  if (values.seeds !== undefined) continue;
  keepSummary(summary);
  await writeDurabilityPage();
}
process.exitCode = isSound ? 0 : 1;

async function strikeAll(runner: Runner): Promise<Summary> {
  const count = Number(values.seeds ?? runner.seeds);
  const lanes = Number(values.lanes ?? runner.lanes);
  const seeds = Array.from({ length: count }, (_, index) => firstSeed + index);
  const began = Date.now();
  process.stdout.write(`${runner.name}: seeds ${firstSeed} to ${firstSeed + count - 1}, ${lanes} at once\n`);
  const { trials, faults, unbrokenSeconds } = await runSeason(runner, seeds, lanes, (trial) =>
    process.stdout.write(`${lineOf(trial)}\n`),
  );
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  const failedSeeds = trials.filter((trial) => trial.faults.length > 0).map(({ seed }) => seed);
  const seconds = Math.round((Date.now() - began) / 1000);
  const passed = trials.length - failedSeeds.length;
  process.stdout.write(`${runner.name}: ${passed} passed, ${failedSeeds.length} failed in ${(seconds / 60).toFixed(1)} minutes\n`);
  const signals = trials.flatMap(({ blows }) => blows.map(({ signal }) => signal));
  return {
    runner: runner.name,
    machine: measuringMachine(),
    firstSeed,
    seeds: trials.length,
    failedSeeds,
    faults,
    kills: signals.filter((signal) => signal === 'SIGKILL').length,
    pauses: signals.filter((signal) => signal === 'SIGSTOP').length,
    gangs: trials.reduce((sum, { trajectories }) => sum + trajectories, 0),
    unbrokenSeconds,
    seconds,
  };
}
