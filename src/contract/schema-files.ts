import { z } from 'zod';
import { RUNNER_EXIT_CODES } from './kinds.js';
import { RunnerEvent } from './runner-event.js';
import { RunnerPlan } from './runner-plan.js';

/** The files that gpu_runner reads this contract from, by name. */
export function schemaFiles(): Record<string, string> {
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  return {
    'plan.json': json(z.toJSONSchema(RunnerPlan)),
    'event.json': json(z.toJSONSchema(RunnerEvent)),
    'exit-codes.json': json(RUNNER_EXIT_CODES),
  };
}
