import type { RunPlan } from '../contract/plan.js';
import type { Precision } from '../contract/kinds.js';

/** Of one parameter in a DeepSpeed checkpoint: the weights, and fp32 master weights with both moments of Adam. */
const CHECKPOINT_BYTES: Record<Precision, number> = { fp32: 4 + 12, bf16: 2 + 12 };
const WEIGHT_BYTES: Record<Precision, number> = { fp32: 4, bf16: 2 };

/**
 * Bytes that training cannot do without where store and nodes share a disk: a checkpoint on the nodes and its copy in the store, and
 * the base weights on each node. Only what a run that goes on writes as well as a new one; the rest of a new one comes on top.
 */
export function leastDiskBytes({ model, training, cluster }: RunPlan): number {
  return model.shape.parameters * (2 * CHECKPOINT_BYTES[training.precision] + cluster.nodes * WEIGHT_BYTES[training.precision]);
}
