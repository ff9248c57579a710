/** How the rows of one rank and optimizer step are split into forward passes. */
export interface MicroBatch {
  microBatchRows: number;
  accumulationSteps: number;
}

/** The same rows in passes of half the size, or the next smaller size that divides them; null: a pass has one row already. */
export function halveMicroBatch({ microBatchRows, accumulationSteps }: MicroBatch): MicroBatch | null {
  if (microBatchRows <= 1) return null;
  const rows = microBatchRows * accumulationSteps;
  let half = Math.floor(microBatchRows / 2);
  while (rows % half !== 0) half -= 1;
  return { microBatchRows: half, accumulationSteps: rows / half };
}
