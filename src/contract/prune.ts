import { z } from 'zod';

/** `<folder>/pruning.json`: a prune is about to remove it, or parts of it. Written first, removed last. */
export const PruneMark = z.strictObject({
  at: z.iso.datetime().describe('renewed while the prune works'),
  hasBegun: z.boolean().describe('a part of a run that goes wholly is gone already: nobody may take the rest for a run'),
});
export type PruneMark = z.infer<typeof PruneMark>;

/** `epochs/epoch-0003/pruned.json`: the weights were removed, and the manifest beside it tells what they were. */
export const PrunedWeights = z.strictObject({ at: z.iso.datetime(), bytes: z.int().min(0) });
export type PrunedWeights = z.infer<typeof PrunedWeights>;
