import { FineTuningRequest } from '../../src/contract/request.js';
import type { RunPlan } from '../../src/contract/plan.js';
import { resolvePlan } from '../../src/domain/plan.js';

/** The plan of `{}` on a machine with two cores. */
export function samplePlan(change: Record<string, unknown> = {}): RunPlan {
  return resolvePlan(FineTuningRequest.parse(change), {
    formworkVersion: '0.0.0-test',
    machine: { cpuCores: 2, memoryBytes: 16e9, gpus: [] },
    modelConfig: null,
    absolute: (path) => path,
  });
}
