import { SPLITS } from './split.js';

export const textHash = (text: string): number => text.length * SPLITS;
