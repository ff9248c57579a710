import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { RunnerEvent } from '../../src/contract/runner-event.js';
import type { FoundProcess } from '../e2e/sandbox.js';
import { eventsFile, RanksByHand } from './by-hand.js';
import { MeasuredRun } from './measured-run.js';
import { shortTraining } from './requests.js';
import type { Pair } from './result.js';

/** What the ranks of one training have told from their start to their end. */
interface Trained {
  seconds: number;
  steps: number;
  /** Of every step and rank, exactly. */
  losses: string[];
}

/**
 * One training by formwork, then its ranks once more by hand: the same commands with the same environment on the same plans.
 * @throws when the two have not trained the same.
 */
export async function measurePair(): Promise<Pair> {
  const run = new MeasuredRun();
  let hand: RanksByHand | null = null;
  try {
    run.start(shortTraining);
    const ranks = await run.until('two ranks', () => {
      const found = run.ranks();
      return found.length === 2 ? found : null;
    });
    hand = RanksByHand.copy(run.box.home, ranks);
    const files = ranks.map(fileOf);
    const formwork = await run.until('the end of training', () => trained(files));
    // Nothing of it is beside the ranks that follow.
    await run.close();
    const byHand = trained(await hand.train(run.box.home));
    if (byHand === null) throw new Error('ranks started by hand ended without having finished');
    if (byHand.losses.join() !== formwork.losses.join())
      throw new Error('the two trainings differ in a loss: they are not the same work');
    return { formwork: formwork.seconds, byHand: byHand.seconds, steps: formwork.steps };
  } finally {
    await hand?.close();
    await run.close();
  }
}

const fileOf = ({ pid, environment }: FoundProcess): string =>
  eventsFile(readlinkSync(`/proc/${pid}/cwd`), Number(environment['RANK']));

/** null: a rank has not finished yet. */
function trained(files: readonly string[]): Trained | null {
  // A rank that has been started a moment ago has no file yet.
  if (!files.every((file) => existsSync(file))) return null;
  const ranks = files.map((file) => readFileSync(file, 'utf8').split('\n').slice(0, -1));
  if (!ranks.every((lines) => lines.at(-1)?.includes('"finished"'))) return null;
  const events = ranks.flat().map((line) => RunnerEvent.parse(JSON.parse(line)));
  const times = events.map(({ time }) => Date.parse(time));
  const steps = events.filter((event) => event.kind === 'step').sort((a, b) => a.step - b.step || a.rank - b.rank);
  return {
    seconds: (Math.max(...times) - Math.min(...times)) / 1000,
    steps: Math.max(...steps.map(({ step }) => step)),
    losses: steps.map(({ step, rank, loss_hex }) => `${step}/${rank}: ${loss_hex}`),
  };
}
