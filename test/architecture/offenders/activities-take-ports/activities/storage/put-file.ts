import { FileStore } from '../../src/platform/file-store.js';

export const putFile = (key: string): string => new FileStore().put(key);
