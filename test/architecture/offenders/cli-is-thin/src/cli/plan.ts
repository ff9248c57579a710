import { planRun } from '../../activities/plan/plan-run.js';

export const plan = (): string => planRun();
