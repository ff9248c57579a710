import { describe, expect, it } from 'vitest';
import { renderJson } from '../../../src/report/render-json.js';
import { renderMarkdown } from '../../../src/report/render-markdown.js';
import { runReport } from '../../fixtures/run-report.js';

type Path = (string | number)[];

/** Fields of a step that a table by epoch cannot show; the HTML draws the loss of every step, the JSON has all of it. */
const ONLY_IN_JSON = /^loss\.\d+\.(step|epoch|learningRate|gradientNorm)$/;
/** Tags of unions: another value is another record, see optional-parts.test.ts. */
const TAGS = /\.kind$/;
/** A median of many steps does not move with one of them. */
const AVERAGED = /^loss\.\d+\.tokensPerSecond$/;

describe('the views of a record', () => {
  const { loss, story, trajectories } = runReport();
  const resumed = {
    trajectory: 1,
    fence: 2,
    forkedFrom: 'trajectory 0, step 100',
    passedOver: ['trajectory 0, step 150: it has no manifest'],
    openedAt: '2026-11-22T21:00:00.000Z',
  };
  const halved = {
    at: '2026-11-22T20:50:00.000Z',
    field: 'training.microBatchRows',
    from: '4',
    to: '2',
    kind: 'OutOfMemory' as const,
    byPerson: false,
  };
  const again = { at: '2026-11-22T20:55:00.000Z', fence: 2, what: 'started again' };
  const record = runReport({
    story: [...story, again],
    planChanges: [halved],
    loss: loss.slice(0, 2),
    trajectories: [...trajectories, resumed],
  });
  const before = renderMarkdown(record);

  it('shows in Markdown every field of the record: a change of any changes the text', () => {
    const unseen = leaves(record)
      .filter((path) => ![ONLY_IN_JSON, TAGS, AVERAGED].some((exception) => exception.test(path.join('.'))))
      .filter((path) => renderMarkdown(changed(record, path)) === before)
      .map((path) => path.join('.'));
    expect(unseen).toEqual([]);
  });

  it('gives the record itself as JSON', () => {
    expect(JSON.parse(renderJson(runReport()))).toEqual(runReport());
    expect(renderJson(runReport())).toMatch(/\}\n$/);
  });
});

function leaves(value: unknown, path: Path = []): Path[] {
  if (value === null) return [];
  if (typeof value !== 'object') return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function changed<T>(record: T, path: Path): T {
  const copy = structuredClone(record) as Record<string | number, unknown>;
  const last = path.at(-1) as string;
  const owner = path.slice(0, -1).reduce((at, key) => at[key] as Record<string | number, unknown>, copy);
  owner[last] = other(owner[last]);
  return copy as T;
}

function other(value: unknown): unknown {
  if (typeof value === 'number') return value + Math.max(1, Math.abs(value));
  if (typeof value === 'boolean') return !value;
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT/.test(text) ? new Date(Date.parse(text) + 61_000).toISOString() : `${text}x`;
}
