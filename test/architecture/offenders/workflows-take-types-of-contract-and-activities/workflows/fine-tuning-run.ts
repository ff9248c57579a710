import type { Planner } from '../src/platform/port.js';

export const planOf = (planner: Planner): string => planner.plan();
