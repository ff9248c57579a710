import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { FineTuningRequest } from '../contract/request.js';
import { Failure } from '../domain/failures.js';
import { parseRequest } from '../platform/planning/local-planner.js';

export interface RequestOptions {
  set: string[];
}

export const requestOptions = (command: Command): Command =>
  command.option(
    '--set <path=value>',
    'set one field, e.g. training.epochs=4; a value that is not JSON is taken as text; may be repeated',
    (value: string, before: string[]) => [...before, value],
    [],
  );

/** The request of a file with single fields set, all defaults filled in, and paths made absolute: workers run elsewhere. */
export async function readRequest(file: string | undefined, { set }: RequestOptions): Promise<FineTuningRequest> {
  const input = file === undefined ? {} : ((await readJson(file)) ?? {});
  if (isObject(input)) for (const assignment of set) assign(input, assignment);
  return withAbsolutePaths(parseRequest(input));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(
      'InvalidRequest',
      `${file} cannot be read (${error.code}); give the path of a JSON file`,
      {},
      { cause: error },
    );
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('InvalidRequest', `${file} is not JSON: ${(error as Error).message}; correct it there`, {}, { cause: error });
  }
}

/** The same options as a part of a request, for a receiver that has the rest of it. */
export const readAssignments = (set: readonly string[]): Record<string, unknown> => assignAll({}, set);

/** Sets them in an object. @returns it. */
export function assignAll(target: Record<string, unknown>, set: readonly string[]): Record<string, unknown> {
  for (const assignment of set) assign(target, assignment);
  return target;
}

function readAssignment(assignment: string): { keys: string[]; value: unknown } {
  const equals = assignment.indexOf('=');
  if (equals < 1) throw new Failure('InvalidRequest', `--set ${assignment}: expected path=value, e.g. training.epochs=4`);
  const keys = assignment.slice(0, equals).split('.');
  // Setting it would change what every object inherits, and the request would not show it.
  if (keys.includes('__proto__')) throw new Failure('InvalidRequest', `--set ${assignment}: __proto__ is no field of a request`);
  return { keys, value: jsonOrText(assignment.slice(equals + 1)) };
}

function assign(target: Record<string, unknown>, assignment: string): void {
  const { keys, value } = readAssignment(assignment);
  const last = keys.pop() as string;
  let node = target;
  for (const key of keys) {
    const next = node[key] ?? {};
    if (!isObject(next)) {
      throw new Failure('InvalidRequest', `--set ${assignment}: ${key} is a value, not an object with fields`);
    }
    node[key] = next;
    node = next;
  }
  node[last] = value;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function withAbsolutePaths(request: FineTuningRequest): FineTuningRequest {
  const absolute = (value: string): string =>
    value.replace(/^(file|path):(.+)$/, (_, scheme: string, path: string) => `${scheme}:${resolve(path)}`);
  const { data } = request;
  return {
    ...request,
    model: absolute(request.model),
    data: { ...data, train: absolute(data.train), validation: absolute(data.validation), test: absolute(data.test) },
  };
}
