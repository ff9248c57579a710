import { access, constants, readFile, stat } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { TaskName } from '../../contract/kinds.js';
import type { DataSource, RunPlan } from '../../contract/plan.js';
import { FineTuningRequest } from '../../contract/request.js';
import { leastDiskBytes } from '../../domain/disk-need.js';
import { Failure } from '../../domain/failures.js';
import type { ModelConfig } from '../../domain/model-shape.js';
import { resolvePlan, type PlanFacts } from '../../domain/plan.js';
import { describeProblems, requestProblems, type KnownFields, type RequestProblem } from '../../domain/request-problems.js';
import type { Home } from '../home/home.js';
import { formworkVersion } from '../package-root.js';
import { checkPythonEnvironment } from '../python/python-environment.js';
import { findGpus } from './local-gpus.js';
import { readModelDirectory } from './model-directory.js';
import type { Planner } from './port.js';

export interface PlanningMachine {
  /** Relative paths of a request start here. */
  folder: string;
  /** Goes through the rows of a source, given the bytes of its files by path. @throws Failure InvalidData. */
  checkRows: (task: TaskName, data: DataSource, contents: ReadonlyMap<string, Uint8Array>) => void;
  /** Where a run would write. */
  home: Home;
  /** What nodes would run gpu_runner with; null where it is checked, or made, later. */
  python: string | null;
}

/** Plans with the facts of this machine and of the files that the request names. */
export class LocalPlanner implements Planner {
  constructor(private readonly machine: PlanningMachine) {}

  async plan(input: unknown, purpose: 'run' | 'show'): Promise<RunPlan> {
    const request = parseRequest(input);
    const problems: RequestProblem[] = [];
    const modelConfig = await this.modelConfig(request, problems);
    await this.checkFiles(request, problems);
    const facts: PlanFacts = {
      formworkVersion,
      machine: { cpuCores: cpus().length, memoryBytes: totalmem(), gpus: await findGpus() },
      modelConfig,
      absolute: (path) => resolve(this.machine.folder, path),
    };
    const plan = resolveWith(problems, request, facts);
    const isRun = purpose === 'run' && !request.dryRun;
    if (isRun) checkRunnable(plan, facts);
    await this.checkRows(plan);
    if (isRun) await this.checkReady(plan);
    return plan;
  }

  private async checkRows({ task, data }: RunPlan): Promise<void> {
    if (data.kind === 'practice') return;
    const paths = [data.train, data.validation, data.test].filter((path) => path !== null);
    const contents = await Promise.all(paths.map(async (path): Promise<[string, Uint8Array]> => [path, await readFile(path)]));
    this.machine.checkRows(task, data, new Map(contents));
  }

  /** What a run would otherwise meet after minutes, with nodes leased. */
  private async checkReady(plan: RunPlan): Promise<void> {
    const { home, python } = this.machine;
    const [needed, free] = [leastDiskBytes(plan), await home.freeBytes()];
    if (free < needed) {
      throw new Failure(
        'EnvironmentNotReady',
        `a run of ${plan.model.name} writes at least ${bytes(needed)}, and ${home.root} has ${bytes(free)} free; ` +
          'formwork prune shows what can go; or set FORMWORK_HOME to a larger disk',
        { needed, free },
      );
    }
    if (python !== null) await checkPythonEnvironment(python);
  }

  private async modelConfig(request: FineTuningRequest, problems: RequestProblem[]): Promise<ModelConfig | null> {
    if (!request.model.startsWith('path:')) return null;
    const found = await readModelDirectory(resolve(this.machine.folder, request.model.slice('path:'.length)));
    if ('config' in found) return found.config;
    problems.push({ path: 'model', message: found.problem });
    return null;
  }

  private async checkFiles(request: FineTuningRequest, problems: RequestProblem[]): Promise<void> {
    for (const split of ['train', 'validation', 'test'] as const) {
      const source = request.data[split];
      if (!source.startsWith('file:')) continue;
      const path = resolve(this.machine.folder, source.slice('file:'.length));
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

const bytes = (count: number): string => (count < 1e9 ? `${(count / 1e6).toFixed(0)} MB` : `${(count / 1e9).toFixed(1)} GB`);
