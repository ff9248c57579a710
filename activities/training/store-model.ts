import { join } from 'node:path';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { JobRunner } from '../../src/platform/runner/port.js';
import { storeModelFolder } from '../storage/model-folder.js';

/** Stores a model that a job of this node made. `from` is relative to the work folder; `to: null` means by content. */
export const storeModel =
  (ports: { jobs: JobRunner; store: ObjectStore }) =>
  ({ from, to }: { from: string; to: string | null }): Promise<{ modelId: string; key: string }> =>
    storeModelFolder(ports.store, join(ports.jobs.work, from), to);
