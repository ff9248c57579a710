import { expect, test } from 'vitest';
import { lastLogs } from '../../../src/domain/last-logs.js';

const root = 'runs/k';
const part = (source: string, rank = 0, from = 0): string => `${root}/${source}/logs/rank-${rank}/${pad(from)}-${pad(from + 9)}`;
const pad = (offset: number): string => String(offset).padStart(12, '0');
const sources = (...keys: string[]): string[] => lastLogs(root, keys).map(({ source }) => source);

test('of all that wrote, the job that comes last in a run', () => {
  const training = 'rounds/0/trajectories/0/node-0';
  const inOrder = [
    'jobs/1/init',
    'jobs/1/tokens',
    'jobs/1/evaluation-baseline-s0',
    'rounds/smoke/trajectories/0/node-0',
    training,
    'jobs/1/evaluation-epochs-s0',
    'jobs/1/evaluation-test-s0',
    'jobs/1/export',
  ];
  for (let n = 1; n <= inOrder.length; n += 1)
    expect(sources(...inOrder.slice(0, n).map((source) => part(source)))).toEqual([inOrder[n - 1]]);
});

test('every rank of the newest trajectory, by number and not by letter', () => {
  const keys = [2, 10].flatMap((trajectory) =>
    [0, 1].map((node) => part(`rounds/0/trajectories/${trajectory}/node-${node}`, node)),
  );
  expect(lastLogs(root, keys).map(({ source, rank }) => `${source} ${rank}`)).toEqual([
    'rounds/0/trajectories/10/node-0 0',
    'rounds/0/trajectories/10/node-1 1',
  ]);
});

test('the last attempt of a job, of its newest execution', () => {
  expect(sources(part('jobs/1/tokens'), part('jobs/1/tokens-a2'))).toEqual(['jobs/1/tokens-a2']);
  expect(sources(part('jobs/1/tokens-a2'), part('jobs/2/tokens'))).toEqual(['jobs/2/tokens']);
  expect(sources(part('jobs/1/tokens-a2'), part('jobs/1/tokens-r1'))).toEqual(['jobs/1/tokens-r1']);
  expect(sources(part('jobs/1/tokens-r1'), part('jobs/1/tokens-r1-a2'))).toEqual(['jobs/1/tokens-r1-a2']);
});

test('the parts of a log in order, and nothing that is no log', () => {
  const source = 'rounds/0/trajectories/0/node-0';
  const parts = [part(source, 0, 9), part(source, 0, 0)];
  const others = [`${root}/request.json`, `${root}/${source}/events/rank-0/${pad(0)}-${pad(9)}`, part('jobs/1/unheard-of')];
  expect(lastLogs(root, [...parts, ...others])).toEqual([{ source, rank: 0, parts: [parts[1], parts[0]] }]);
});
