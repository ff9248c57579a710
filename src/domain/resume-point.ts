import type { StoredFile, Trajectory } from '../contract/checkpoint.js';

/** A place that training can go on from. */
export interface ResumePoint {
  trajectory: number;
  step: number;
}

/** A checkpoint as the store has it, with what was found when its files were held against its manifest. */
export interface FoundCheckpoint {
  trajectory: number;
  step: number;
  /** What is wrong with it, e.g. a missing file; null for a whole one. */
  damage: string | null;
  /** It has a manifest: without one its upload was broken off, and it has never counted. */
  isFinished: boolean;
}

/** A stretch of steps of one trajectory: those after `after`, up to and with `upTo`. */
export interface Descent {
  trajectory: number;
  after: number;
  upTo: number;
}

/** What is wrong with the files that a manifest lists, as far as the sizes of the store's objects tell; null: nothing. */
export function damageOfFiles(folder: string, files: readonly StoredFile[], sizes: ReadonlyMap<string, number>): string | null {
  if (files.length === 0) return 'its manifest lists no files';
  const torn = files.find((file) => sizes.get(`${folder}/${file.path}`) !== file.bytes);
  if (torn === undefined) return null;
  return `${torn.path} has ${sizes.get(`${folder}/${torn.path}`) ?? 'no'} bytes, ${torn.bytes} were written`;
}

/**
 * The newest line of descent: the last trajectory, what it forked from, and so on to the beginning, oldest first.
 * What an abandoned trajectory published after its fork is in no stretch.
 */
export function lineOfDescent(trajectories: readonly Trajectory[]): Descent[] {
  const byNumber = new Map(trajectories.map((trajectory) => [trajectory.trajectory, trajectory]));
  const line: Descent[] = [];
  let current = trajectories.reduce<Trajectory | undefined>(
    (newest, next) => ((newest?.trajectory ?? -1) > next.trajectory ? newest : next),
    undefined,
  );
  let upTo = Infinity;
  while (current !== undefined) {
    const fork = current.forkedFrom;
    line.unshift({ trajectory: current.trajectory, after: fork?.step ?? 0, upTo });
    if (fork === null) break;
    upTo = fork.step;
    current = byNumber.get(fork.trajectory);
  }
  return line;
}

export function inDescent(line: readonly Descent[], { trajectory, step }: ResumePoint): boolean {
  return line.some((stretch) => stretch.trajectory === trajectory && step > stretch.after && step <= stretch.upTo);
}

/** The newest whole checkpoint of the line, and those newer ones that had to be passed over. */
export function chooseResumePoint(
  line: readonly Descent[],
  checkpoints: readonly FoundCheckpoint[],
): { resume: ResumePoint | null; passedOver: FoundCheckpoint[] } {
  const newestFirst = checkpoints.filter((checkpoint) => inDescent(line, checkpoint)).sort((a, b) => b.step - a.step);
  const whole = newestFirst.findIndex((checkpoint) => checkpoint.damage === null);
  const found = newestFirst[whole];
  return {
    resume: found === undefined ? null : { trajectory: found.trajectory, step: found.step },
    passedOver: whole === -1 ? newestFirst : newestFirst.slice(0, whole),
  };
}

/**
 * The checkpoints that retention may remove: whole ones older than the `keep` newest whole ones.
 * A damaged one stays, for whoever wants to know why.
 */
export function prunable(checkpoints: readonly FoundCheckpoint[], keep: number): FoundCheckpoint[] {
  return checkpoints
    .filter((checkpoint) => checkpoint.damage === null)
    .sort((a, b) => b.step - a.step)
    .slice(keep);
}

/** What was left of uploads that were broken off, or given up for a newer checkpoint, before a finished one of their trajectory. */
export function unfinishedBefore(checkpoints: readonly FoundCheckpoint[], finished: ResumePoint): FoundCheckpoint[] {
  return checkpoints.filter(
    (checkpoint) => !checkpoint.isFinished && checkpoint.trajectory === finished.trajectory && checkpoint.step < finished.step,
  );
}
