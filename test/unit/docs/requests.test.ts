import { describe, expect, test } from 'vitest';
import { FineTuningRequest } from '../../../src/contract/request.js';
import { KNOWN_MODELS } from '../../../src/domain/model-shape.js';
import { requestSchema } from '../../../src/platform/planning/local-planner.js';
import { code, page, tableRows } from './page.js';

const text = page('requests');
const rows = new Map(
  tableRows(text, 'field').map(([field = '', byDefault = '', mayBe = '']) => [code(field), { default: code(byDefault), mayBe }]),
);

/** Every field of a request that holds a value, with its default as JSON. */
function fields(value: object, path = ''): [path: string, defaultJson: string][] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null ? fields(inner, `${path}${key}.`) : [[`${path}${key}`, JSON.stringify(inner)]],
  );
}

interface Schema {
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  type?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** The closed values and the bounds of a field, as its row has to name them. */
function limits({ anyOf, enum: values, const: value, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string[] {
  const bounds = [minimum, maximum, exclusiveMinimum, exclusiveMaximum].filter(
    (bound) => bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER,
  );
  const closed = [...(values ?? []), ...(value === undefined ? [] : [value])];
  return [...(anyOf ?? []).flatMap(limits), ...closed.map(String), ...bounds.map(String)];
}

const schemaAt = (path: string): Schema =>
  path.split('.').reduce<Schema>((node, key) => node.properties?.[key] ?? {}, requestSchema() as Schema);

describe('docs/requests.md', () => {
  const wanted = fields(FineTuningRequest.parse({}));

  test('has a row for every field of the request, and for no other', () => {
    expect([...rows.keys()]).toEqual(wanted.map(([path]) => path));
  });

  test.each(wanted)('%s has its default, %s', (path, defaultJson) => {
    expect(rows.get(path)?.default).toBe(defaultJson);
  });

  test.each(wanted.filter(([path]) => limits(schemaAt(path)).length > 0))('%s names its values and bounds', (path) => {
    const words = (rows.get(path)?.mayBe ?? '').split(/[\s,`]+/);
    for (const limit of limits(schemaAt(path))) expect(words).toContain(limit);
  });

  test('names every model that can be planned for by name', () => {
    for (const name of Object.keys(KNOWN_MODELS)) expect(text).toContain(`\`${name}\``);
  });
});
