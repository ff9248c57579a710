import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PlainView } from '../../../src/cli/plain-view.js';
import { at, failure, parked, runView, stage, steps } from './run-views.js';

let lines: string[];
let view: PlainView;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(at(0)) });
  lines = [];
  view = new PlainView((line) => lines.push(line));
});
afterEach(() => {
  vi.useRealTimers();
});

test('says when a stage begins, with what it waits for, and when it ends, with what came of it and how long it took', () => {
  const planned = stage('plan', 0, 0.6, 'ZeRO-2 on 2 ranks');
  view.show(runView([planned, stage('lease', 1, null)], { waitingFor: '2 nodes' }));
  view.show(runView([planned, stage('lease', 1, 15, '2 nodes from local'), stage('train', 15, null)]));
  expect(lines).toEqual([
    'plan: ZeRO-2 on 2 ranks (0.6 s)',
    'lease: waiting for 2 nodes',
    'lease: 2 nodes from local (14.0 s)',
    'train: begun',
  ]);
});

test('says nothing twice, however often it looks', () => {
  const look = runView([stage('plan', 0, 1, 'done'), stage('train', 1, null)]);
  for (let n = 0; n < 5; n += 1) view.show(look);
  expect(lines).toHaveLength(2);
});

test('a stage that comes again, as after a lost node, is told again', () => {
  const first = stage('lease', 0, 5, 'lost');
  view.show(runView([first]));
  view.show(runView([first, stage('lease', 6, null)]));
  expect(lines).toEqual(['lease: lost (5.0 s)', 'lease: begun']);
});

test('progress comes every 15 seconds, and only where there is some', () => {
  const look = (seconds: number, done: number): void => {
    vi.setSystemTime(Date.parse(at(seconds)));
    view.show(runView([stage('train', 0, null)], { live: steps(done) }));
  };
  look(1, 0);
  look(2, 10);
  look(16, 20);
  look(17.5, 30);
  look(40, 30);
  expect(lines.slice(1)).toEqual(['  10/300 steps, loss 1.000', '  30/300 steps, loss 1.000']);
});

test('a failure whose message begins with its kind is not named twice', () => {
  view.show(runView([stage('train', 0, null)], { lastFailure: failure('RankKilled', 'RankKilled (1 of 32): rank 1', 3) }));
  expect(lines.slice(1)).toEqual(['  RankKilled (1 of 32): rank 1']);
});

test('a failure that the run goes on from is told once', () => {
  const failed = (seconds: number): ReturnType<typeof runView> =>
    runView([stage('train', 0, null)], { lastFailure: failure('NodeLost', 'node 1 is gone', seconds) });
  view.show(failed(3));
  view.show(failed(3));
  expect(lines.slice(1)).toEqual(['  NodeLost: node 1 is gone']);
  view.show(failed(9));
  expect(lines).toHaveLength(3);
});

test('a run that is parked says once what would help and what to type, and again when it parks again', () => {
  const look = (since: number): ReturnType<typeof runView> => runView([stage('train', 0, null)], { parked: parked(since) });
  view.show(look(3));
  view.show(look(3));
  expect(lines.slice(1)).toEqual(['  parked: more memory; npx formwork retry k goes on']);
  view.show(look(9));
  expect(lines).toHaveLength(3);
});
