import { closest } from 'fastest-levenshtein';
import type { z } from 'zod';

/** One thing that is wrong with a request. */
export interface RequestProblem {
  /** Where, e.g. training.epochs; empty for the request as a whole. */
  path: string;
  /** What was expected there and what came instead. */
  message: string;
}

/** Part of a JSON Schema that tells which keys an object may have. */
export interface KnownFields {
  properties?: Record<string, KnownFields> | undefined;
  description?: string | undefined;
}

/** Says every problem that a schema found in words for the person who wrote the request, or whatever else was held against it. */
export function requestProblems(error: z.ZodError, input: unknown, schema: KnownFields): RequestProblem[] {
  return error.issues.flatMap((issue): RequestProblem[] => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(at(schema, path)?.properties ?? {});
      return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: unknownKey(key, known) }));
    }
    const meaning = at(schema, path)?.description;
    const got = `got ${show(valueAt(input, path))}`;
    return [
      { path: path.join('.'), message: `expected ${expectation(issue)}, ${got}${meaning === undefined ? '' : ` (${meaning})`}` },
    ];
  });
}

/** One line a problem, under a heading that counts them. */
export function describeProblems(problems: readonly RequestProblem[]): string {
  const heading = problems.length === 1 ? 'the request has a problem:' : `the request has ${problems.length} problems:`;
  return [heading, ...problems.map(({ path, message }) => `- ${path === '' ? 'the request' : path}: ${message}`)].join('\n');
}

function unknownKey(key: string, known: readonly string[]): string {
  return known.length === 0
    ? 'unknown field'
    : `unknown field; the nearest known one is ${closest(key, [...known])} (known here: ${known.join(', ')})`;
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};

/** What would have done, as the end of a sentence. */
function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_union': {
      const options = issue.errors.flat().map(expectation);
      return options.length === 0 ? 'another value' : options.join(', or ');
    }
    case 'invalid_value':
      return issue.values.length === 1 ? show(issue.values[0]) : `one of ${issue.values.map(show).join(', ')}`;
    case 'invalid_type':
      return TYPES[issue.expected] ?? `a value of type ${issue.expected}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue)}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue)}`;
    default:
      return issue.message;
  }
}

const unit = ({ origin }: { origin: string }): string => (origin === 'string' ? ' character(s)' : '');

function at(schema: KnownFields, path: readonly string[]): KnownFields | undefined {
  return path.reduce<KnownFields | undefined>((node, key) => node?.properties?.[key], schema);
}

function valueAt(input: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => (node as Record<string, unknown> | null | undefined)?.[key], input);
}

/** A value as JSON, cut to what fits in a line. */
function show(value: unknown): string {
  // JSON has no infinity, but its numbers may be too large for ours.
  const text = value === undefined ? 'nothing' : typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
