import type { Trial } from './result.js';
export const scalePage = (trials: readonly Trial[]): Promise<string> => Promise.resolve(JSON.stringify(trials));
