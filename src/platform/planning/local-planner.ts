import { access, constants, stat } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { RunPlan } from '../../contract/plan.js';
import { FineTuningRequest } from '../../contract/request.js';
import { Failure } from '../../domain/failures.js';
import type { ModelConfig } from '../../domain/model-shape.js';
import { resolvePlan, type PlanFacts } from '../../domain/plan.js';
import { describeProblems, requestProblems, type KnownFields, type RequestProblem } from '../../domain/request-problems.js';
import { formworkVersion } from '../package-root.js';
import { findGpus } from './local-gpus.js';
import { readModelDirectory } from './model-directory.js';
import type { Planner } from './port.js';

/** Plans with the facts of this machine and of the files that the request names. */
export class LocalPlanner implements Planner {
  /** @param folder relative paths of a request start here. */
  constructor(private readonly folder: string) {}

  async plan(input: unknown, purpose: 'run' | 'show'): Promise<RunPlan> {
    const request = parseRequest(input);
    const problems: RequestProblem[] = [];
    const modelConfig = await this.modelConfig(request, problems);
    await this.checkFiles(request, problems);
    const facts: PlanFacts = {
      formworkVersion,
      machine: { cpuCores: cpus().length, memoryBytes: totalmem(), gpus: await findGpus() },
      modelConfig,
      absolute: (path) => resolve(this.folder, path),
    };
    const plan = resolveWith(problems, request, facts);
    if (purpose === 'run' && !request.dryRun) checkRunnable(plan, facts);
    return plan;
  }

  private async modelConfig(request: FineTuningRequest, problems: RequestProblem[]): Promise<ModelConfig | null> {
    if (!request.model.startsWith('path:')) return null;
    const found = await readModelDirectory(resolve(this.folder, request.model.slice('path:'.length)));
    if ('config' in found) return found.config;
    problems.push({ path: 'model', message: found.problem });
    return null;
  }

  private async checkFiles(request: FineTuningRequest, problems: RequestProblem[]): Promise<void> {
    for (const split of ['train', 'validation', 'test'] as const) {
      const source = request.data[split];
      if (!source.startsWith('file:')) continue;
      const path = resolve(this.folder, source.slice('file:'.length));
      const problem = await fileProblem(path);
      if (problem !== null) problems.push({ path: `data.${split}`, message: problem });
    }
  }
}

/** Holds any value against the request schema. An empty input is a whole request. @throws Failure InvalidRequest. */
export function parseRequest(input: unknown): FineTuningRequest {
  const value = input ?? {};
  const parsed = FineTuningRequest.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = requestProblems(parsed.error, value, requestSchema());
  throw new Failure('InvalidRequest', describeProblems(problems), { problems });
}

/** JSON Schema of what a person may write. */
export function requestSchema(): KnownFields & Record<string, unknown> {
  return z.toJSONSchema(FineTuningRequest, { io: 'input' }) as KnownFields & Record<string, unknown>;
}

/** The plan, or all problems: those of the files that the request names, and those of the plan beside them. */
function resolveWith(problems: readonly RequestProblem[], request: FineTuningRequest, facts: PlanFacts): RunPlan {
  const all = [...problems];
  try {
    const plan = resolvePlan(request, facts);
    if (problems.length === 0) return plan;
  } catch (error) {
    if (problems.length === 0 || !(error instanceof Failure)) throw error;
    const named = new Set(problems.map(({ path }) => path));
    all.push(...((error.facts['problems'] ?? []) as RequestProblem[]).filter(({ path }) => !named.has(path)));
  }
  throw new Failure('InvalidRequest', describeProblems(all), { problems: all });
}

function checkRunnable(plan: RunPlan, facts: PlanFacts): void {
  const problems: RequestProblem[] = [];
  if (plan.model.source.kind === 'named') {
    problems.push({
      path: 'model',
      message: `${plan.model.name} can be planned for by name, but a run needs its weights: expected path:<directory>`,
    });
  }
  if (plan.cluster.device === 'cuda' && facts.machine.gpus.length < plan.cluster.worldSize) {
    problems.push({
      path: 'cluster.accelerator',
      message: `${plan.cluster.worldSize} ranks on the local provider need as many GPUs; this machine has ${facts.machine.gpus.length}`,
    });
  }
  if (problems.length > 0) throw new Failure('InvalidRequest', describeProblems(problems), { problems });
}

async function fileProblem(path: string): Promise<string | null> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) return `expected a file at ${path}, but it is a directory`;
    if (stats.size === 0) return `expected rows in ${path}, but the file is empty`;
    if (!/\.(jsonl|csv)$/.test(path)) return `expected a name that ends in .jsonl or .csv, got ${path}`;
    await access(path, constants.R_OK);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `expected a readable file at ${path}, but ${code === 'ENOENT' ? 'there is none' : `it cannot be read (${code})`}`;
  }
}
