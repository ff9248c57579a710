import { roundTo } from '../domain/rounding.js';

export const SCORE_LIMIT = roundTo(0.995, 2);
