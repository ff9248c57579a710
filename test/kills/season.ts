import { renameSync } from 'node:fs';
import { NODE_FOLDER_VARIABLE } from '../../src/platform/compute/node-processes.js';
import { Field } from './field.js';
import { Lane } from './lane.js';
import type { Runner } from './runners.js';
import { trainUnbroken, tryKills, type Trial } from './trial.js';

export interface Season {
  trials: Trial[];
  /** What is wrong beside any one seed, in words: left when all was over, or not to be brought up. */
  faults: string[];
  /** Of the unbroken round. */
  unbrokenSeconds: number;
}

/**
 * One seed after the other on one control plane, several side by side: ranks wait for each other more than they compute, and what is
 * shared is struck under all of them.
 */
export async function runSeason(
  runner: Runner,
  seeds: readonly number[],
  lanes: number,
  tell: (trial: Trial) => void,
): Promise<Season> {
  const field = new Field(runner);
  const trials: Trial[] = [];
  const faults: string[] = [];
  let isSound = false;
  try {
    await field.open();
    const left = [...seeds];
    const first = new Lane(field, 'lane-0');
    await first.open();
    const unbroken = await trainUnbroken(first);
    const work = async (lane: Lane): Promise<void> => {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        const trial = await tryKills(lane, seed, unbroken);
        trials.push(trial);
        tell(trial);
        if (trial.faults.length === 0) continue;
        // What this seed has broken is its own: the next one gets other machines.
        faults.push(...(await lane.close()));
        await lane.open();
      }
    };
    const others = Array.from({ length: Math.min(lanes, seeds.length) - 1 }, (_, index) => new Lane(field, `lane-${index + 1}`));
    const opened = others.map(async (lane) => lane.open().then(() => lane));
    await Promise.all([Promise.resolve(first), ...opened].map(async (lane) => work(await lane)));
    for (const lane of [first, ...others]) faults.push(...(await lane.close()));
    faults.push(...nodesLeft(field));
    const down = await field.down();
    if (down !== null) faults.push(down);
    faults.push(...field.box.processes().map(({ command }) => `left over after formwork down: ${command.join(' ')}`));
    isSound = faults.length === 0 && trials.every((trial) => trial.faults.length === 0);
    return { trials, faults, unbrokenSeconds: unbroken.ms / 1000 };
  } finally {
    await field.box.end();
    if (isSound) await field.box.close();
    else keep(field);
  }
}

const nodesLeft = ({ box }: Field): string[] =>
  box
    .processes()
    .filter(({ environment }) => NODE_FOLDER_VARIABLE in environment)
    .map(({ command }) => `left over after the release: ${command.join(' ')}`);

/** What went wrong is understood from logs and store. */
function keep({ box, runner }: Field): void {
  const kept = `${box.root}-${runner.name}`;
  renameSync(box.root, kept);
  process.stdout.write(`its home is kept for a look: ${kept}\n`);
}
