import type { Trial } from './result.js';

export const advice = (_trials: readonly Trial[]): string[] => ['TODO'];
