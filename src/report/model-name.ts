import type { RunPlan } from '../contract/plan.js';

/** What a reader calls the model: the last part of a path, else its name. */
export function modelName({ name, source }: RunPlan['model']): string {
  if (source.kind !== 'directory') return name;
  return source.path.split(/[\\/]/).findLast((part) => part !== '') ?? name;
}
