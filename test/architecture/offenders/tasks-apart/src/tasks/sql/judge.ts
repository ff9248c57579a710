import { isSame } from '../viggo/judge.js';

export const isRight = (query: string, target: string): boolean => isSame(query, target);
