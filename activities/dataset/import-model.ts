import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { storeModelFolder } from '../storage/model-folder.js';

/** Copies a model directory of the control machine into the store, from where every node takes it. */
export const importModel =
  (ports: { store: ObjectStore }) =>
  async ({ path }: { path: string }): Promise<{ modelId: string }> => ({
    modelId: (await storeModelFolder(ports.store, path, null)).modelId,
  });
