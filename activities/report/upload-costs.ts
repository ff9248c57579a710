import { CheckpointUpload } from '../../src/contract/checkpoint.js';
import type { UploadCosts } from '../../src/contract/report.js';
import { trajectoryKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readRequiredRecord } from '../storage/records.js';

/** What each node has paid to make checkpoints durable, over all gangs of the round: an abandoned one has cost as much as any. */
export async function readUploadCosts(store: ObjectStore, round: string): Promise<UploadCosts[]> {
  const root = trajectoryKeys.all(round);
  const found = await store.list(root);
  const keys = found.map(({ key }) => key).filter((key) => /^\d+\/node-\d+\/uploads\/[^/]+\.json$/.test(key.slice(root.length)));
  return uploadCosts(await Promise.all(keys.map((key) => readRequiredRecord(store, key, CheckpointUpload))));
}

function uploadCosts(uploads: readonly CheckpointUpload[]): UploadCosts[] {
  const nodes = [...new Set(uploads.map(({ node }) => node))].sort((a, b) => a - b);
  return nodes.map((node) => {
    const own = uploads.filter((upload) => upload.node === node);
    return {
      node,
      uploads: own.length,
      bytes: sum(own.map(({ bytes }) => bytes)),
      seconds: sum(own.map(({ seconds }) => seconds)),
      longestSeconds: Math.max(...own.map(({ seconds }) => seconds)),
      // Clocks of one machine, so a negative one is a clock that was set back.
      longestWaitSeconds: Math.max(
        0,
        ...own.map(({ writtenAt, durableAt }) => (Date.parse(durableAt) - Date.parse(writtenAt)) / 1000),
      ),
      passedOver: sum(own.map(({ passedOver }) => passedOver.length)),
    };
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
