import { textHash } from './text-hash.js';

export const SPLITS = 3;

export const splitOf = (text: string): number => textHash(text) % SPLITS;
