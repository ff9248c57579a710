import type { ReferenceRow } from '../contract/dataset.js';
import type { Split, TaskName } from '../contract/kinds.js';
import type { ItemScore, ScoreTable } from '../contract/score.js';
import type { Baseline } from './nearest-neighbour.js';

/** What is learnt and how it is judged. A folder of src/tasks has one of these; the registry names it, and nothing else changes. */
export interface Task {
  readonly name: TaskName;

  /** Columns of the task's own public files: what a row of references has besides `id`, and what a request maps by default. */
  readonly columns: { readonly input: string; readonly target: string };

  /** Rows made from a seed, no download; the splits are apart by group. Ids are unique within a split. */
  practiceRows(seed: number): Record<Split, ReferenceRow[]>;

  /** What a target says about its row: its group, or why no row can have it. */
  readTarget(target: string): TargetReading;

  /** Name and version of the judge; stored with every score. */
  readonly judge: string;

  /** What `correct` means, in words. */
  readonly headline: string;

  /** Names of the levels in `ItemScore.parts`, from first to last. */
  readonly parts: readonly string[];

  /** Judges one prediction against a reference whose target `readTarget` accepted; null where there is none. */
  judgeItem(reference: ReferenceRow, prediction: string | null): ItemScore;

  /** Tables of the task's own for the summary. */
  tables(items: readonly JudgedItem[]): ScoreTable[];

  /** The predictor without learning that a tuned model has to beat, from the training rows. */
  baseline(train: readonly ReferenceRow[]): Baseline;
}

export type TargetReading = { isAccepted: true; group: string } | { isAccepted: false; step: TargetFilter; why: string };

/** The filters a target may fail, in the order in which they are applied and counted. */
export const TARGET_FILTERS = ['parsed', 'well_ordered'] as const;
type TargetFilter = (typeof TARGET_FILTERS)[number];

/** A judged item with what was judged. */
export interface JudgedItem {
  reference: ReferenceRow;
  prediction: string | null;
  score: ItemScore;
}
