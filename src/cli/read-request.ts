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
  const input = file === undefined ? {} : await readJsonObject(file);
  for (const assignment of set) assign(input, assignment);
  return withAbsolutePaths(parseRequest(input));
}

async function readJsonObject(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(
      'InvalidRequest',
      `${file} cannot be read (${error.code}); give the path of a JSON file`,
      {},
      { cause: error },
    );
  });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new Failure('InvalidRequest', `${file} is not JSON: ${(error as Error).message}; correct it there`, {}, { cause: error });
  }
  throw new Failure('InvalidRequest', `${file} is not a JSON object: a request is one, e.g. {"training": {"epochs": 4}}`);
}

function assign(target: Record<string, unknown>, assignment: string): void {
  const equals = assignment.indexOf('=');
  if (equals < 1) throw new Failure('InvalidRequest', `--set ${assignment}: expected path=value, e.g. training.epochs=4`);
  const keys = assignment.slice(0, equals).split('.');
  const last = keys.pop() as string;
  let node = target;
  for (const key of keys) {
    const next = node[key] ?? {};
    if (typeof next !== 'object' || Array.isArray(next)) {
      throw new Failure('InvalidRequest', `--set ${assignment}: ${key} is a value, not an object with fields`);
    }
    node[key] = next;
    node = next as Record<string, unknown>;
  }
  node[last] = jsonOrText(assignment.slice(equals + 1));
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
