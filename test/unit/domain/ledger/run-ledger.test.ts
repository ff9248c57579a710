import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAILURE_KINDS, RUNNER_COMMANDS, STAGES } from '../../../../src/contract/kinds.js';
import { JobMark, Ledger } from '../../../../src/contract/ledger.js';
import type { JobRecord, LedgerRecords, NodeRecord } from '../../../../src/domain/ledger/records.js';
import { runLedger } from '../../../../src/domain/ledger/run-ledger.js';
import {
  at,
  endAt,
  failedAt,
  jobRecord,
  LAUNCH,
  mark,
  nodeRecord,
  records,
  secondsAfter,
  trajectory,
} from '../../../fixtures/ledger-records.js';

describe('a second of a node', () => {
  test('is provision until the node answers, install until it is fit, and idle where nothing is known', () => {
    expect(secondsAfter(100, {})).toEqual({ provision: 10, install: 10, idle: 80 });
  });

  test('is provision all along on a node that never answered', () => {
    expect(secondsAfter(100, { nodes: [nodeRecord({ ready: null })] })).toEqual({ provision: 100 });
  });

  test('is load while inputs come and Python starts, then what its ranks do', () => {
    const stagings = [{ from: at(22), to: at(28) }];
    const job = jobRecord({ end: endAt(70) });
    expect(secondsAfter(80, { nodes: [nodeRecord({ stagings, jobs: [job] })] })).toEqual({
      ...{ provision: 10, install: 10, load: 16, train: 29, checkpoint: 2 },
      // Two before the staging, two after it, nine after the job.
      idle: 13,
    });
  });

  test('counts as what its ranks do also while nobody is there to watch them', () => {
    const provided = { ...nodeRecord().launched, state: 'running' as const, endedAt: null };
    expect(secondsAfter(3600, { nodes: [nodeRecord({ jobs: [jobRecord()], provided })] })['train']).toBe(20 + 3600 - 62);
  });

  test.each<[string, JobRecord['command'], JobRecord['marks'], Record<string, number>]>([
    ['answers of a model', 'generate', [mark(31, 'model'), mark(40, 'loop')], { load: 10, evaluate: 10 }],
    ['the export', 'export', [mark(31, 'data'), mark(40, 'model'), mark(45, 'validate')], { load: 10, checkpoint: 10 }],
    ['the count of tokens', 'tokens', [mark(31, 'data'), mark(40, 'model')], { load: 20 }],
    ['validation in training', 'train', [mark(31, 'loop'), mark(40, 'validate', 9)], { load: 1, train: 9, evaluate: 10 }],
    ['an epoch kept', 'train', [mark(31, 'loop'), mark(40, 'snapshot', 9)], { load: 1, train: 9, checkpoint: 10 }],
  ])('of %s has its own name', (_, command, marks, expected) => {
    const end = { ...endAt(50), settledAt: at(50) } as JobRecord['end'];
    const job = jobRecord({ command, marks, end, trajectory: null });
    expect(secondsAfter(50, { nodes: [nodeRecord({ jobs: [job] })] })).toEqual({
      provision: 10,
      install: 10,
      idle: 10,
      ...expected,
    });
  });
});

describe('a failure', () => {
  const first = jobRecord({ end: endAt(70, 'RankKilled') });
  const second = jobRecord({
    jobId: 'round-0-t1',
    startedAt: at(75),
    trajectory: { round: '0', number: 1 },
    marks: [mark(76, 'imports'), mark(80, 'restore'), mark(85, 'loop', 10)],
  });
  const rounds = new Map([['0', { trajectories: [trajectory(0), trajectory(1, { trajectory: 0, step: 10 })], committed: [] }]]);

  test('costs the steps after the checkpoint that is gone on from, and the time to the first step after it', () => {
    const nodes = [nodeRecord({ jobs: [first, second] })];
    expect(secondsAfter(95, { nodes, rounds, incidents: [failedAt(71)] })).toEqual({
      ...{ provision: 10, install: 10, idle: 10, load: 10, checkpoint: 1, train: 20 },
      // From the checkpoint of step 10 to the end of the ranks, the checkpoint of step 20 included.
      'lost: RankKilled': 19,
      'recovery: RankKilled': 15,
    });
  });

  test('that was given up is idle until somebody lets the run go on', () => {
    const nodes = [nodeRecord({ jobs: [first, second] })];
    const seconds = secondsAfter(95, { nodes, rounds, incidents: [failedAt(71, { kind: 'OutOfMemory', answer: 'fail' })] });
    expect(seconds).toMatchObject({ 'idle: OutOfMemory': 5, 'recovery: OutOfMemory': 10, 'lost: OutOfMemory': 19 });
  });

  test('of the newest gang costs the steps after its newest checkpoint at once', () => {
    const committed = [{ trajectory: 0, step: 10 }];
    const alone = new Map([['0', { trajectories: [trajectory(0)], committed }]]);
    const seconds = secondsAfter(75, { nodes: [nodeRecord({ jobs: [first] })], rounds: alone, incidents: [failedAt(71)] });
    expect(seconds).toMatchObject({ train: 10, 'lost: RankKilled': 19, 'recovery: RankKilled': 5 });
  });

  test('of a node loses what its ranks did after they were last seen, and its successor is waited for', () => {
    const gone = nodeRecord({ jobs: [jobRecord()], ended: { endedAt: at(90) } });
    const next = nodeRecord({ ready: { from: at(96), to: at(98) } }, 2, at(91));
    const seconds = secondsAfter(100, {
      nodes: [gone, next],
      rounds: new Map([['0', { trajectories: [trajectory(0)], committed: [{ trajectory: 0, step: 20 }] }]]),
      incidents: [failedAt(89, { kind: 'NodeLost' })],
    });
    expect(seconds).toEqual({
      ...{ provision: 15, install: 12, idle: 10, load: 10, train: 20, checkpoint: 2 },
      ...{ 'lost: NodeLost': 28, 'recovery: NodeLost': 2 },
    });
  });

  test('is none where ranks were asked to stop', () => {
    const committed = [{ trajectory: 0, step: 20 }];
    const stopped = jobRecord({ end: endAt(63, 'Interrupted') });
    const alone = new Map([['0', { trajectories: [trajectory(0)], committed }]]);
    const seconds = secondsAfter(80, { nodes: [nodeRecord({ jobs: [stopped] })], rounds: alone });
    expect(Object.keys(seconds).filter((name) => name.startsWith('recovery'))).toEqual([]);
    expect(seconds).toMatchObject({ train: 20, idle: 26 });
  });
});

describe('the life of a node', () => {
  const ledgerAfter = (seconds: number, over: Partial<NodeRecord>): Ledger =>
    runLedger(records({ nodes: [nodeRecord(over)] }), new Date(LAUNCH + seconds * 1000));
  const provided = { ...nodeRecord().launched, state: 'running' as const, endedAt: null };

  test('goes to the end that its provider has noted, whenever it is looked at', () => {
    const ledger = ledgerAfter(5000, { ended: { endedAt: at(100) } });
    expect(ledger).toMatchObject({ milliseconds: 100_000, usd: 0.1, hourlyUsd: 0 });
    expect(ledger.nodes).toMatchObject([{ endedAt: at(100), endIsKnown: true }]);
  });

  test('goes on for as long as its provider says so, past its deadline too', () => {
    const ledger = ledgerAfter(5000, { provided });
    expect(ledger).toMatchObject({ milliseconds: 5_000_000, usd: 5, hourlyUsd: 3.6 });
  });

  test.each([
    [100, 100, null],
    [5000, 3000, at(3000)],
  ])('of which its provider knows nothing goes to its last deadline at most: %i s', (seconds, paid, endedAt) => {
    const renewed = { at: at(1200), deadline: at(3000) };
    const ledger = ledgerAfter(seconds, { renewed });
    expect(ledger.milliseconds).toBe(paid * 1000);
    expect(ledger.nodes).toMatchObject([{ endedAt, endIsKnown: false }]);
  });
});

test('stages follow each other over the nodes, and steps of the smoke test are not kept', () => {
  const smoke = jobRecord({ jobId: 'round-smoke-t0', end: endAt(70), trajectory: { round: 'smoke', number: 0 } });
  const stageEnds: LedgerRecords['stageEnds'] = new Map([
    ['prepare', null],
    ['baseline', at(25)],
    ['smoke', at(72)],
  ]);
  const ledger = runLedger(records({ nodes: [nodeRecord({ jobs: [smoke] })], stageEnds }), new Date(LAUNCH + 80_000));
  const byStage = Object.fromEntries(STAGES.map((stage) => [stage, 0]));
  for (const { stage, milliseconds } of ledger.entries) byStage[stage] = (byStage[stage] ?? 0) + milliseconds / 1000;
  expect(byStage).toMatchObject({ lease: 20, baseline: 5, smoke: 47, train: 8, release: 0 });
  expect(ledger).toMatchObject({ kept: 0, goodput: 0 });
});

describe('a ledger adds up exactly', () => {
  // Clocks of several machines, set back and forth, around a life of an hour.
  const moment = fc.integer({ min: -5_000_000, max: 9_000_000 }).map((offset) => new Date(LAUNCH + offset).toISOString());
  const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
  const stretch = fc.record({ from: moment, to: moment });
  const step = fc.integer({ min: 0, max: 40 });
  const number = fc.integer({ min: 0, max: 4 });
  const round = fc.constantFrom('0', 'smoke');
  const kind = fc.constantFrom(...FAILURE_KINDS);
  const job: fc.Arbitrary<JobRecord> = fc.record({
    jobId: fc.constantFrom('round-0-t0', 'round-0-t1', 'round-smoke-t0', 'evaluation-test-s0', 'init'),
    owner: fc.integer({ min: 1, max: 3 }),
    command: fc.constantFrom(...RUNNER_COMMANDS),
    startedAt: moment,
    trajectory: orNull(fc.record({ round, number })),
    marks: fc.array(fc.record({ at: moment, phase: fc.constantFrom(...JobMark.shape.phase.options), step }), { maxLength: 12 }),
    end: orNull(fc.record({ ranksEndedAt: moment, settledAt: moment, kinds: fc.array(kind, { maxLength: 2 }) })),
    seenAt: orNull(moment),
  });
  const node: fc.Arbitrary<NodeRecord> = fc
    .record({
      generation: fc.integer({ min: 1, max: 3 }),
      launchedAt: moment,
      ended: orNull(fc.record({ endedAt: moment })),
      renewed: orNull(fc.record({ at: moment, deadline: moment })),
      ready: orNull(stretch),
      stagings: fc.array(stretch, { maxLength: 3 }),
      jobs: fc.array(job, { maxLength: 5 }),
      provided: orNull(fc.record({ state: fc.constantFrom('pending', 'running', 'terminated'), endedAt: orNull(moment) })),
    })
    .map(({ generation, launchedAt, provided, ...rest }) => {
      const record = nodeRecord(rest, generation, launchedAt);
      return { ...record, provided: provided === null ? null : { ...record.launched, ...provided } };
    });
  const found = fc.record({ trajectory: number, step: fc.integer({ min: 1, max: 40 }) });
  const roundRecord = fc.record({
    trajectories: fc
      .array(orNull(found), { maxLength: 4 })
      // A trajectory forks from one before it.
      .map((forks) => forks.map((fork, index) => trajectory(index, fork === null || fork.trajectory >= index ? null : fork))),
    committed: fc.array(found, { maxLength: 4 }),
  });
  const incident = fc
    .record({
      ...{ at: moment, fence: fc.integer({ min: 1, max: 3 }), kind, answer: fc.constantFrom('again' as const, 'fail' as const) },
      scope: fc.constantFrom('round-0', 'round-smoke', 'evaluation-test-s0', 'init'),
    })
    .map((fields) => failedAt(0, fields));
  const all: fc.Arbitrary<LedgerRecords> = fc.record({
    runKey: fc.constant('k'),
    nodes: fc.array(node, { maxLength: 4 }),
    incidents: fc.array(incident, { maxLength: 4 }),
    rounds: fc.record({ '0': roundRecord }).map((rounds) => new Map(Object.entries(rounds))),
    stageEnds: fc.array(fc.tuple(fc.constantFrom(...STAGES), orNull(moment)), { maxLength: 8 }).map((ends) => new Map(ends)),
  });

  test('whatever the records are, in whatever order, from whichever clock', () => {
    fc.assert(
      fc.property(all, moment, (found, now) => {
        const ledger = Ledger.parse(runLedger(found, new Date(now)));
        const sum = (values: readonly { milliseconds: number }[]): number =>
          values.reduce((total, { milliseconds }) => total + milliseconds, 0);
        expect(sum(ledger.entries)).toBe(ledger.milliseconds);
        expect(sum(ledger.nodes)).toBe(ledger.milliseconds);
        for (const [index, { milliseconds, nodeId }] of ledger.nodes.entries()) {
          const same = found.nodes.filter(({ launched }) => launched.nodeId === nodeId);
          if (same.length === 1) expect(sum(ledger.entries.filter((entry) => entry.nodeId === nodeId))).toBe(milliseconds);
          const { ended, launched } = found.nodes[index] as NodeRecord;
          // The provider's word alone says how long; no other record makes a node dearer.
          if (ended !== null) expect(milliseconds).toBe(Math.max(0, Date.parse(ended.endedAt) - Date.parse(launched.launchedAt)));
        }
        expect(ledger.entries.every(({ milliseconds }) => milliseconds > 0)).toBe(true);
        expect(ledger.usd).toBeCloseTo((ledger.milliseconds / 3_600_000) * 3.6, 9);
      }),
      { numRuns: 500 },
    );
  });
});
