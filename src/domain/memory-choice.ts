import type { MemoryFit } from '../contract/plan.js';
import { memoryFit, type FitQuestion } from './memory-fit.js';

/** A forward pass of fewer tokens leaves a GPU waiting for its kernels; recomputation costs less than that. */
const EFFICIENT_TOKENS = 2048;

export interface MemoryQuestion extends Omit<FitQuestion, 'microBatchRows' | 'zeroStage' | 'activationCheckpointing'> {
  /** Packed rows of one rank in one optimizer step: the most that a micro-batch can be. */
  rowsPerRank: number;
  /** Stages in order of preference. */
  stages: readonly number[];
  /** null: the most that fits. */
  microBatchRows: number | null;
  /** null: only where memory asks for it. */
  activationCheckpointing: boolean | null;
}

export interface MemoryAnswer {
  chosen: MemoryFit | null;
  /** The best of each stage and way that was tried, in order. */
  considered: MemoryFit[];
}

/** The first stage, without recomputation before with it, that holds a micro-batch of an efficient size. */
export function chooseMemory(question: MemoryQuestion): MemoryAnswer {
  const considered: MemoryFit[] = [];
  const ways = question.activationCheckpointing === null ? [false, true] : [question.activationCheckpointing];
  for (const zeroStage of question.stages) {
    for (const activationCheckpointing of ways) {
      const best = largestMicroBatch(question, zeroStage, activationCheckpointing, ways.length > 1 && !activationCheckpointing);
      considered.push(best);
      if (best.fits) return { chosen: best, considered };
    }
  }
  return { chosen: null, considered };
}

/** Halves the micro-batch from all rows down until it fits; `efficient` does not go below what keeps a GPU busy. */
function largestMicroBatch(
  question: MemoryQuestion,
  zeroStage: number,
  activationCheckpointing: boolean,
  efficient: boolean,
): MemoryFit {
  const fit = (microBatchRows: number): MemoryFit => memoryFit({ ...question, microBatchRows, zeroStage, activationCheckpointing });
  if (question.microBatchRows !== null) return fit(question.microBatchRows);
  const least = efficient ? Math.min(question.rowsPerRank, Math.ceil(EFFICIENT_TOKENS / question.contextTokens)) : 1;
  const sizes = divisors(question.rowsPerRank).filter((rows) => rows >= least);
  return sizes.map(fit).find((candidate) => candidate.fits) ?? fit(sizes.at(-1) as number);
}

/** All divisors, largest first: only these split the rows of a rank into equal micro-batches. */
function divisors(rows: number): number[] {
  return Array.from({ length: rows }, (_, i) => rows - i).filter((candidate) => rows % candidate === 0);
}
