import { PlanVersion } from '../contract/plan.js';

export const readVersion = (text: string): number => PlanVersion.parse(Number(text));
