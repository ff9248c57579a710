import { z } from 'zod';
import { PROVIDERS } from './kinds.js';

/** What every node carries from before it exists, so that it can be found from the provider's side. */
export const NodeTags = z.strictObject({
  installation: z.string().describe('id of this installation of formwork'),
  runKey: z.string(),
  lease: z.string().describe('workflow id of the lease'),
  fence: z.int().min(1),
  node: z.int().min(0).describe('place in the cluster'),
  generation: z.int().min(1).describe('counts replacements of this place'),
  leaseMinutes: z.number().gt(0).describe('from each renewal to the deadline; a renewal is due at a third of it'),
});
export type NodeTags = z.infer<typeof NodeTags>;

const NODE_STATES = ['pending', 'running', 'terminated'] as const;

/** A machine as its provider lists it. */
export const ProviderNode = z.strictObject({
  nodeId: z.string().describe("the provider's id"),
  tags: NodeTags,
  state: z.enum(NODE_STATES),
  launchedAt: z.iso.datetime(),
  deadline: z.iso.datetime().describe('when its own host ends it unless renewed'),
  endedAt: z.iso.datetime().nullable().describe('until when it is paid for; null: it still is'),
  pricePerHourUsd: z.number().min(0),
});
export type ProviderNode = z.infer<typeof ProviderNode>;

/** What a node says of itself once its worker polls. */
export const NodeFacts = z.strictObject({
  hostname: z.string(),
  rankAddress: z.string().describe('address that the ranks of other nodes reach it by'),
  rankInterface: z.string().describe('network interface of that address'),
  cpuCores: z.int(),
  memoryBytes: z.int(),
  freeDiskBytes: z.int(),
  device: z.enum(['cpu', 'cuda']),
  gpus: z.array(z.strictObject({ name: z.string(), memoryBytes: z.int() })),
  python: z.string(),
  packages: z.record(z.string(), z.string()),
});
export type NodeFacts = z.infer<typeof NodeFacts>;

/** A node that workflows may schedule on. */
export const LeasedNode = z.strictObject({
  node: z.int().min(0),
  nodeId: z.string(),
  generation: z.int().min(1),
  taskQueue: z.string(),
  facts: NodeFacts,
});
export type LeasedNode = z.infer<typeof LeasedNode>;

export const ClusterSpec = z.strictObject({
  provider: z.enum(PROVIDERS),
  nodes: z.int().min(1),
  ranksPerNode: z.int().min(1),
  device: z.enum(['cpu', 'cuda']),
  pricePerNodeHourUsd: z.number().min(0),
});
export type ClusterSpec = z.infer<typeof ClusterSpec>;
