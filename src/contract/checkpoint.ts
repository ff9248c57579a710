import { z } from 'zod';

export const StoredFile = z.strictObject({
  path: z.string().describe('relative to the folder of the manifest'),
  bytes: z.int().min(0),
  sha256: z.string(),
});
export type StoredFile = z.infer<typeof StoredFile>;

/** What one node has uploaded of one checkpoint; written after its files. */
export const NodeFiles = z.strictObject({
  node: z.int().min(0),
  step: z.int().min(0),
  ranks: z.array(z.int()),
  files: z.array(StoredFile),
});
export type NodeFiles = z.infer<typeof NodeFiles>;

/** Node 0 chooses which checkpoint becomes durable: put before its own upload, for the other nodes to upload the same one. */
export const ChosenCheckpoint = z.strictObject({ step: z.int().min(1), chosenAt: z.iso.datetime() });
export type ChosenCheckpoint = z.infer<typeof ChosenCheckpoint>;

/** What it cost to make one node's part of a checkpoint durable. It stays when the checkpoint itself is removed. */
export const CheckpointUpload = z.strictObject({
  step: z.int().min(1),
  node: z.int().min(0),
  bytes: z.int().min(0),
  seconds: z.number().min(0).describe('of the upload that succeeded'),
  writtenAt: z.iso.datetime().describe('when the last rank of the node had written its shards'),
  durableAt: z.iso.datetime().describe('when the part of the node was in the store; of node 0, when the checkpoint counted'),
  passedOver: z.array(z.int()).describe('steps whose checkpoints gave way to this one while they waited'),
});
export type CheckpointUpload = z.infer<typeof CheckpointUpload>;

/** Written last, put-if-absent, never changed: the checkpoint exists when this does. */
export const CheckpointManifest = z.strictObject({
  step: z.int().min(0),
  trajectory: z.int().min(0),
  fence: z.int().min(1),
  worldSize: z.int().min(1),
  zeroStage: z.int().min(0).max(3),
  files: z.array(StoredFile),
  committedAt: z.iso.datetime(),
});
export type CheckpointManifest = z.infer<typeof CheckpointManifest>;

/** Weights after an epoch, a transformers directory; one rank writes it. */
export const SnapshotManifest = z.strictObject({
  epoch: z.int().min(1),
  step: z.int().min(1),
  trajectory: z.int().min(0),
  files: z.array(StoredFile),
  weightsSha256: z.string().describe('over the sha256 of the safetensors files, by name'),
});
export type SnapshotManifest = z.infer<typeof SnapshotManifest>;

/** One attempt at training, from its fork on; put-if-absent by the gang that starts. */
export const Trajectory = z.strictObject({
  trajectory: z.int().min(0),
  fence: z.int().min(1),
  forkedFrom: z.strictObject({ trajectory: z.int().min(0), step: z.int().min(1) }).nullable(),
  passedOver: z.array(z.string()).describe('newer checkpoints that could not be used, with step and damage, in words'),
  openedAt: z.iso.datetime(),
});
export type Trajectory = z.infer<typeof Trajectory>;

/** A model directory in the store, content-addressed. */
export const ModelManifest = z.strictObject({
  id: z.string().describe('sha256 over the files'),
  files: z.array(StoredFile),
});
export type ModelManifest = z.infer<typeof ModelManifest>;
