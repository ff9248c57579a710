import { z } from 'zod';

/** `<folder>/pruning.json`: a prune is about to remove it, or parts of it. Written first, removed last. */
export const PruneMark = z.strictObject({
  at: z.iso.datetime().describe('renewed while the prune works'),
  isWhole: z.boolean().describe('all of the folder goes; of a run that is not removed whole its weights do'),
});
export type PruneMark = z.infer<typeof PruneMark>;

/** `epochs/epoch-0003/pruned.json`: the weights were removed, and the manifest beside it tells what they were. */
export const PrunedWeights = z.strictObject({ at: z.iso.datetime(), bytes: z.int().min(0) });
export type PrunedWeights = z.infer<typeof PrunedWeights>;
