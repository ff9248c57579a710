import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { JobRunner } from '../../src/platform/runner/port.js';
import { beating } from '../beating.js';

/** Stores the predictions that this node has so far; a later attempt, here or elsewhere, goes on from them. */
export const storePredictions =
  (ports: { jobs: JobRunner; store: ObjectStore }) =>
  ({ from, to }: { from: string; to: string }): Promise<void> =>
    beating(async () => {
      const path = join(ports.jobs.work, from);
      const begun = await access(path).then(
        () => true,
        () => false,
      );
      if (begun) await ports.store.putFile(to, path);
    });
