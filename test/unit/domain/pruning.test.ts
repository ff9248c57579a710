import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  planPrune,
  type ContentToPrune,
  type PrunePlan,
  type PrunePolicy,
  type RunToPrune,
  type RunWeights,
  type StoreInventory,
} from '../../../src/domain/pruning.js';

const NOW = new Date('2026-11-23T12:00:00.000Z');
const DAY_MS = 24 * 60 * 60_000;
const daysAgo = (days: number): string => new Date(NOW.getTime() - days * DAY_MS).toISOString();

const NOTHING: PrunePolicy = { olderThanMs: null, keep: null, maxBytes: null, named: [], giveUp: false };

const run = (runKey: string, facts: Partial<RunToPrune> = {}): RunToPrune => ({
  ...{ runKey, held: null, isPublished: false, isHalfRemoved: false, lastAt: daysAgo(1) },
  ...{ bytes: 100, weights: [], uses: [], mayUseMore: false },
  ...facts,
});

const weights = (key: string, facts: Partial<RunWeights> = {}): RunWeights => ({
  ...{ kind: 'checkpoint', key, bytes: 10, isNeeded: false, isLeftOver: false },
  ...facts,
});

const dataset = (id: string, days = 10): ContentToPrune => ({
  ...{ kind: 'dataset', key: `datasets/${id}`, bytes: 5, modifiedAt: daysAgo(days) },
});

function inventory(facts: Partial<StoreInventory>): StoreInventory {
  const { runs = [], contents = [], unfinished = [], nodes = [] } = facts;
  const bytes = [...runs, ...contents, ...unfinished].reduce((sum, thing) => sum + thing.bytes, 0);
  return { runs, contents, unfinished, nodes, bytes };
}

const keysOf = ({ removals }: PrunePlan): string[] => removals.map(({ key }) => key);
const plan = (facts: Partial<StoreInventory>, policy: Partial<PrunePolicy> = {}): PrunePlan =>
  planPrune(inventory(facts), { ...NOTHING, ...policy }, NOW);

describe('a prune that is told nothing of runs', () => {
  test('takes what no run uses, and leaves what one uses', () => {
    const contents = [dataset('used'), dataset('unused')];
    expect(keysOf(plan({ runs: [run('a', { uses: ['datasets/used'] })], contents }))).toEqual(['datasets/unused']);
  });

  test('leaves what was written within a day', () => {
    expect(keysOf(plan({ contents: [dataset('young', 0.9), dataset('old', 1)] }))).toEqual(['datasets/old']);
  });

  test('leaves all datasets and models while a run is open that may use one of them', () => {
    const starting = run('a', { held: 'it is open', mayUseMore: true });
    expect(keysOf(plan({ runs: [starting], contents: [dataset('unused')] }))).toEqual([]);
  });

  test('takes what a broken-off upload or removal has left of a run that is over, and nothing of an open one', () => {
    const left = [weights('left', { isLeftOver: true }), weights('old')];
    const open = run('b', { held: 'it is open', weights: [weights('upload', { isLeftOver: true })] });
    expect(keysOf(plan({ runs: [run('a', { weights: left }), open] }))).toEqual(['left']);
  });

  test('ends the removal of a run that was broken off', () => {
    expect(keysOf(plan({ runs: [run('a', { isHalfRemoved: true })] }))).toEqual(['runs/a']);
  });

  test('takes writes that nobody finishes after a day, and folders of ended nodes after a week', () => {
    const unfinished = [0.5, 2].map((days) => ({ key: `.partial/${days}`, bytes: 1, modifiedAt: daysAgo(days) }));
    const nodes = [6, 8].map((days) => ({ key: `node-${days}`, runKey: 'a', bytes: 1, endedAt: daysAgo(days) }));
    expect(keysOf(plan({ runs: [run('a')], unfinished, nodes }))).toEqual(['.partial/2', 'node-8']);
    expect(keysOf(plan({ runs: [run('a', { held: 'it is open' })], nodes }))).toEqual([]);
  });
});

describe('a run that is thinned out', () => {
  const all = [weights('newest', { isNeeded: true }), weights('older'), weights('epoch', { kind: 'epoch', isNeeded: true })];

  test('keeps what its next start goes on from', () => {
    expect(keysOf(plan({ runs: [run('a', { weights: all })] }, { keep: 0 }))).toEqual(['older']);
  });

  test('loses all of its checkpoints and epochs once its model is published', () => {
    const published = run('a', { isPublished: true, weights: all });
    expect(keysOf(plan({ runs: [published] }, { keep: 0, giveUp: true }))).toEqual(['newest', 'older', 'epoch']);
  });

  test('goes wholly where it is given up, with what it alone used', () => {
    const runs = [
      run('a', { weights: all, uses: ['datasets/one', 'datasets/both'] }),
      run('b', { held: 'it is open', uses: ['datasets/both'] }),
    ];
    const found = plan({ runs, contents: [dataset('one'), dataset('both')] }, { keep: 0, giveUp: true });
    expect(keysOf(found)).toEqual(['runs/a', 'datasets/one']);
    expect(found.removedBytes).toBe(105);
  });
});

describe('a run that is named', () => {
  test('goes wholly, its published model as well, and its nodes with it', () => {
    const nodes = [{ key: 'node', runKey: 'a', bytes: 1, endedAt: daysAgo(0) }];
    const found = plan({ runs: [run('a', { isPublished: true }), run('b')], nodes }, { named: ['a'] });
    expect(keysOf(found)).toEqual(['runs/a', 'node']);
  });

  test('stays while it is open, and that is said', () => {
    const found = plan({ runs: [run('a', { held: 'it is open' })] }, { named: ['a'] });
    expect(found).toMatchObject({ removals: [], kept: [{ runKey: 'a', why: 'it is open' }] });
  });

  test('stays while a run that stays reads its files, and goes with it', () => {
    const runs = [run('a', { isPublished: true }), run('b', { uses: ['runs/a'] }), run('c', { uses: ['runs/b'] })];
    expect(plan({ runs }, { named: ['a', 'b'] })).toMatchObject({ removals: [], kept: [{ runKey: 'a' }, { runKey: 'b' }] });
    expect(keysOf(plan({ runs }, { named: ['a', 'b', 'c'] }))).toEqual(['runs/a', 'runs/b', 'runs/c']);
  });
});

describe('any store', () => {
  const CONTENTS = ['datasets/0', 'datasets/1', 'models/2', 'models/3'];
  const some = fc.nat({ max: 40 });
  const oneRun = (index: number): fc.Arbitrary<RunToPrune> =>
    fc
      .record({
        runKey: fc.constant(`r${index}`),
        held: fc.option(fc.constant('it is open'), { nil: null, freq: 4 }),
        isPublished: fc.boolean(),
        isHalfRemoved: fc.constant(false),
        lastAt: some.map((days) => daysAgo(days)),
        bytes: fc.constant(0),
        weights: fc
          .array(fc.tuple(fc.boolean(), fc.nat({ max: 50 }), fc.boolean(), fc.boolean()), { maxLength: 4 })
          .map((list) =>
            list.map(([isEpoch, bytes, isNeeded, isLeftOver], n) =>
              weights(`runs/r${index}/w${n}`, { kind: isEpoch ? 'epoch' : 'checkpoint', bytes: bytes + 1, isNeeded, isLeftOver }),
            ),
          ),
        uses: fc.subarray([...CONTENTS, 'runs/r0', 'runs/r1', 'runs/r2']),
        mayUseMore: fc.constant(false),
      })
      .map((made) => ({ ...made, bytes: 7 + made.weights.reduce((sum, { bytes }) => sum + bytes, 0) }));
  const store = fc
    .record({
      runs: fc.nat({ max: 6 }).chain((number) => fc.tuple(...Array.from({ length: number }, (_, index) => oneRun(index)))),
      days: fc.array(some, { minLength: 4, maxLength: 4 }),
      uncertain: fc.boolean(),
    })
    .map(({ runs, days, uncertain }) =>
      inventory({
        runs: runs.map((one, index) => ({ ...one, mayUseMore: uncertain && index === 0 && one.held !== null })),
        contents: CONTENTS.map((key, n) => ({
          ...{ kind: n < 2 ? ('dataset' as const) : ('model' as const), key, bytes: 9, modifiedAt: daysAgo(days[n] ?? 0) },
        })),
        unfinished: days.map((age, n) => ({ key: `.partial/${n}`, bytes: 3, modifiedAt: daysAgo(age) })),
        nodes: runs.map(({ runKey }, n) => ({ key: `n${n}`, runKey, bytes: 2, endedAt: daysAgo(days[n % 4] ?? 0) })),
      }),
    );
  const policies: fc.Arbitrary<PrunePolicy> = fc.record({
    olderThanMs: fc.option(
      some.map((days) => days * DAY_MS),
      { nil: null },
    ),
    keep: fc.option(fc.nat({ max: 6 }), { nil: null }),
    maxBytes: fc.option(fc.nat({ max: 600 }), { nil: null }),
    named: fc.subarray(['r0', 'r1', 'r2']),
    giveUp: fc.boolean(),
  });
  const anyPlan = (check: (before: StoreInventory, policy: PrunePolicy, found: PrunePlan) => void): void =>
    fc.assert(
      fc.property(store, policies, (before, policy) => {
        check(before, policy, planPrune(before, policy, NOW));
      }),
      { numRuns: 500 },
    );

  test('keeps everything that something kept needs, and all of what is held', () => {
    anyPlan(({ runs }, _, found) => {
      const gone = new Set(keysOf(found));
      for (const one of runs) {
        const isGone = gone.has(`runs/${one.runKey}`);
        if (one.held !== null) {
          expect(isGone).toBe(false);
          expect(found.removals.filter(({ runKey }) => runKey === one.runKey)).toEqual([]);
        }
        if (isGone) continue;
        for (const needed of one.uses) expect(gone).not.toContain(needed);
        for (const { key, isNeeded, isLeftOver } of one.weights)
          if (isNeeded && !isLeftOver && !one.isPublished) expect(gone).not.toContain(key);
      }
    });
  });

  test('keeps every published model that nobody has named', () => {
    anyPlan(({ runs }, { named }, found) => {
      for (const { runKey, isPublished } of runs)
        if (isPublished && !named.includes(runKey)) expect(keysOf(found)).not.toContain(`runs/${runKey}`);
    });
  });

  test('has nothing more to remove once it is done', () => {
    anyPlan((before, policy, found) => expect(planPrune(after(before, found), policy, NOW).removals).toEqual([]));
  });

  test('leaves the newest runs, and those that are younger, as they are', () => {
    anyPlan(({ runs }, { keep, olderThanMs, named }, found) => {
      const newest = runs.toSorted((a, b) => b.lastAt.localeCompare(a.lastAt) || (a.runKey < b.runKey ? -1 : 1));
      const touched = new Set(
        found.removals.filter(({ kind, why }) => kind !== 'node' && why !== 'it was never finished').map(({ runKey }) => runKey),
      );
      for (const [index, { runKey, lastAt }] of newest.entries()) {
        const isYoung = NOW.getTime() - Date.parse(lastAt) < (olderThanMs ?? 0);
        if (!named.includes(runKey) && (index < (keep ?? 0) || isYoung)) expect(touched).not.toContain(runKey);
      }
    });
  });

  test('that is told a size loses the oldest runs first, and no more of them than it takes', () => {
    anyPlan((before, policy, found) => {
      if (policy.maxBytes === null) return;
      const left = (one: PrunePlan): number => one.storeBytes - one.removedBytes;
      const unlimited = planPrune(before, { ...policy, maxBytes: 0 }, NOW);
      if (left(found) > policy.maxBytes) expect(found.removedBytes).toBe(unlimited.removedBytes);
      const roomier = planPrune(before, { ...policy, maxBytes: policy.maxBytes + 1 }, NOW);
      expect(roomier.removedBytes).toBeLessThanOrEqual(found.removedBytes);
      const touched = (one: PrunePlan): string[] => {
        const gone = one.removals.filter(({ kind, why }) => kind !== 'node' && why !== 'it was never finished');
        return [...new Set(gone.flatMap(({ runKey }) => runKey ?? []))].filter((runKey) => !policy.named.includes(runKey));
      };
      const lastAt = new Map(before.runs.map((one) => [one.runKey, one.lastAt]));
      const spared = touched(unlimited).filter((runKey) => !touched(found).includes(runKey));
      for (const young of spared)
        for (const old of touched(found)) expect((lastAt.get(old) ?? '') <= (lastAt.get(young) ?? '')).toBe(true);
    });
  });
});

/** What is left when all of it is gone. */
function after(before: StoreInventory, { removals }: PrunePlan): StoreInventory {
  const gone = new Set(removals.map(({ key }) => key));
  const runs = before.runs
    .filter(({ runKey }) => !gone.has(`runs/${runKey}`))
    .map((one) => {
      const left = one.weights.filter(({ key }) => !gone.has(key));
      const lost = one.weights.filter(({ key }) => gone.has(key)).reduce((sum, { bytes }) => sum + bytes, 0);
      return { ...one, weights: left, bytes: one.bytes - lost };
    });
  return inventory({
    runs,
    contents: before.contents.filter(({ key }) => !gone.has(key)),
    unfinished: before.unfinished.filter(({ key }) => !gone.has(key)),
    nodes: before.nodes.filter(({ key }) => !gone.has(key)),
  });
}
