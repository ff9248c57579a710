import type { Trial } from './result.js';

export const bends = (_trials: readonly Trial[]): string[] => ['TODO'];
