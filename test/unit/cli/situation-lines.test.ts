import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXIT, exitCodeOfSituation } from '../../../src/cli/exit-codes.js';
import { situationLines } from '../../../src/cli/situation-lines.js';
import type { RunSituation } from '../../../src/contract/run-situation.js';
import { FAILURES } from '../../../src/domain/failures.js';
import { before, node, parked, pending, situation, status } from '../../fixtures/run-situation.js';

const text = (over: Partial<RunSituation> = {}): string => situationLines(situation(over)).join('\n');
/** Lines as one text, so that a sentence is found wherever it was wrapped. */
const flowing = (over: Partial<RunSituation> = {}): string => text(over).replaceAll(/\s+/g, ' ');

const lastFailure = {
  kind: 'RankKilled',
  message: 'rank 1: ended by SIGKILL',
  at: before(600),
  remedy: FAILURES.RankKilled.remedy,
  ranks: [
    { rank: 0, logTail: ['waiting for rank 1'] },
    { rank: 1, logTail: ['step 1180', 'step 1181'] },
  ],
};

describe('a run that trains well', () => {
  test('is told in a screen: stage, progress, checkpoint and its age, nodes, where to look', () => {
    expect(text().split('\n')).toEqual([
      'run viggo-4: open, stage train since 02:11:50 (48 min 10 s), waiting for training',
      'progress     1,200/4,000 steps, loss 0.432, 13,102 tokens/s, 1 h 52 min left',
      'checkpoint   step 1,150, stored 02:58:48, 1 min 12 s ago',
      'nodes        node 0, run-viggo-4-lease-1-1-0-g1: running, deadline 03:21:05, in 21 min 5 s',
      '             node 1, run-viggo-4-lease-1-1-1-g1: running, deadline 03:21:05, in 21 min 5 s',
      'kept         prepare, baseline, smoke: not done again by the next start',
      'web ui       http://127.0.0.1:8233/namespaces/default/workflows/run%2Fviggo-4',
      'Times are UTC; looked at 03:00:00.',
    ]);
  });

  test('ends the command with 0', () => {
    expect(exitCodeOfSituation(situation())).toBe(EXIT.ok);
  });

  test('shows no logs: nobody has to be told what works', () => {
    expect(text()).not.toContain('step 1199');
  });
});

test('a node that is not heard from is suspect and not dead, and it is said since when', () => {
  const silent = node(1, { contact: 'suspect', lastContactAt: before(40) });
  expect(flowing({ nodes: [node(0), silent] })).toContain(
    '1-1-1-g1: running, deadline 03:21:05, in 21 min 5 s; no contact since 02:59:20 (40.0 s): suspect, not dead',
  );
  const never = node(1, { contact: 'suspect', lastContactAt: null });
  expect(flowing({ nodes: [never] })).toContain('no contact for 5 minutes or more: suspect, not dead');
  const young = node(1, { contact: 'starting', launchedAt: before(2), lastContactAt: null });
  expect(flowing({ nodes: [young] })).toContain('launched 2.0 s ago, its worker is on its way');
});

test('progress that is older than the newest checkpoint is not shown as if it were where the run is', () => {
  const told = { step: 50, totalSteps: 4000, loss: 0.6, checkpointStep: 30, etaSeconds: 351, at: before(400) };
  expect(flowing({ progress: null, status: status({ progress: told }) })).toContain(
    '1,150/4,000 steps or more; live as soon as the ranks are followed again',
  );
});

test('an activity that is tried again shows its attempt, its failure and when it is tried next', () => {
  const lastFailure = { kind: 'StoreUnavailable', message: 'the store does not answer' };
  const retrying = pending({ type: 'closeRound', state: 'scheduled', attempt: 7, nextAttemptAt: before(-12), lastFailure });
  expect(flowing({ pending: [retrying], status: status({ nextRetryAt: before(-60) }) })).toContain(
    'retrying the run tries again at 03:01:00, in 1 min 0 s closeRound: attempt 7 at 03:00:12, in 12.0 s; StoreUnavailable: the store does not answer',
  );
});

test('what was tried is told with its results, the last five times', () => {
  const attempts = [1, 2, 3, 4, 5, 6, 7].map((gang) => ({ at: before(700 - gang), what: `gang ${gang}`, result: `Hang ${gang}` }));
  const shown = flowing({ status: status({ attempts }) });
  expect(shown).toContain('tried 7 times, at last 02:48:23 gang 3: Hang 3');
  expect(shown).toContain('gang 7: Hang 7');
  expect(shown).not.toContain('gang 2: Hang 2');
});

test('the last failure comes with what to do and the last lines of every rank', () => {
  const shown = text({ status: status({ lastFailure }) });
  expect(shown).toContain('last failure 02:50:00, 10 min 0 s ago: RankKilled: rank 1: ended by SIGKILL');
  expect(shown).toContain(`what to do: ${FAILURES.RankKilled.remedy}`);
  expect(shown).toContain('             rank 0:\n               waiting for rank 1\n');
  expect(shown).toContain('             rank 1:\n               step 1180\n               step 1181\n');
  expect(shown).not.toContain('step 1199');
});

test('a last line that is longer than the terminal goes on below itself, and is cut after its third', () => {
  const lines = (length: number): string[] =>
    situationLines(
      situation({ status: status({ lastFailure: { ...lastFailure, ranks: [{ rank: 0, logTail: ['x'.repeat(length)] }] } }) }),
    ).filter((line) => line.startsWith(`${' '.repeat(15)}x`));
  expect(lines(85).map((line) => line.length)).toEqual([100]);
  expect(lines(200).join('').replaceAll(' ', '')).toBe('x'.repeat(200));
  expect(lines(200)).toHaveLength(3);
  expect(lines(5000)).toHaveLength(3);
  expect(lines(5000).at(-1)).toMatch(/^ {15}x{82}\.\.\.$/);
});

test('where the failure brought no last lines, those of the store are shown, with where they are from', () => {
  const shown = text({ status: status({ lastFailure: { ...lastFailure, ranks: [] } }) });
  expect(shown).toContain('rank 1, rounds/0/trajectories/0/node-1:\n               step 1199');
});

describe('a run that is parked', () => {
  const over: Partial<RunSituation> = { state: 'parked', status: status({ parked, lastFailure, waitingFor: 'a person' }) };

  test('says why, what would help, until when, and what to type', () => {
    const shown = flowing(over);
    expect(shown).toContain('run viggo-4: parked, stage train since');
    expect(shown).toContain('what would help: a smaller micro-batch: rank 0 ran out of memory 3 times');
    expect(shown).toContain('its machines are given back at 03:05:00, in 5 min 0 s; until then it goes on with the same ones');
    expect(shown).toContain('it fails at 05:00:00, in 2 h 00 min, unless somebody types');
    expect(shown).toContain(
      'npx formwork retry viggo-4 [--set training.microBatchRows=<value>] [--set training.contextTokens=<value>]',
    );
  });

  test('says when it goes on by itself, and that nobody has to wait for it', () => {
    const shown = flowing({ ...over, status: status({ parked: { ...parked, againAt: before(-120) } }) });
    expect(shown).toContain('it goes on by itself at 03:02:00, in 2 min 0 s it goes on at once when somebody types');
    expect(shown).not.toContain('unless somebody types');
  });

  test('says that its machines are gone once they are', () => {
    const late = status({ parked: { ...parked, nodesReleasedAt: before(30) } });
    expect(flowing({ ...over, status: late })).toContain('its machines were given back at 02:59:30; it goes on with new ones');
  });

  test('ends the command with a code of its own', () => {
    expect(exitCodeOfSituation(situation(over))).toBe(EXIT.parked);
    const again = status({ parked: { ...parked, againAt: before(-120) } });
    expect(exitCodeOfSituation(situation({ ...over, status: again }))).toBe(EXIT.ok);
  });
});

describe('a run that is over', () => {
  const stored = { ...situation().stored, finished: ['prepare', 'baseline'] as const };

  test('failed: of what, what to do, last words, and how to go on', () => {
    const failed: Partial<RunSituation> = {
      ...{ state: 'failed', since: before(60), message: 'loss is not finite', failure: 'Diverged', nodes: [], pending: [] },
      status: status({ lastFailure: { ...lastFailure, kind: 'Diverged', remedy: FAILURES.Diverged.remedy } }),
    };
    const shown = flowing(failed);
    expect(shown).toContain('run viggo-4: failed, ended 02:59:00, 1 min 0 s ago: loss is not finite');
    expect(shown).toContain(`what to do: ${FAILURES.Diverged.remedy}`);
    expect(shown).toContain('rank 1: step 1180 step 1181');
    expect(shown).toContain('to go on npx formwork resume viggo-4');
    expect(exitCodeOfSituation(situation(failed))).toBe(EXIT.failed);
  });

  test('failed, and no worker is up to say more: the kind has its remedy all the same, and the store the logs', () => {
    const shown = flowing({ state: 'failed', message: 'no machine', failure: 'CapacityUnavailable', status: null });
    expect(shown).toContain(`what to do ${FAILURES.CapacityUnavailable.remedy}`);
    expect(shown).toContain('rank 0, rounds/0/trajectories/0/node-0: step 1199');
  });

  test('cancelled: when, and what is kept for a next start', () => {
    const cancelled: Partial<RunSituation> = {
      ...{
        state: 'cancelled',
        since: before(3600),
        message: 'cancelled in stage train',
        stored: { ...stored, finished: [...stored.finished] },
      },
      ...{ nodes: [], pending: [], progress: null },
    };
    expect(flowing(cancelled)).toContain('run viggo-4: cancelled, ended 02:00:00, 1 h 00 min ago: cancelled in stage train');
    expect(flowing(cancelled)).toContain('kept prepare, baseline: not done again by the next start');
    expect(exitCodeOfSituation(situation(cancelled))).toBe(EXIT.cancelled);
  });

  test('completed: nothing is left to do', () => {
    const completed: Partial<RunSituation> = {
      state: 'completed',
      message: '0.0 % before, 95.2 % after on test',
      nodes: [],
      pending: [],
    };
    expect(text(completed)).not.toMatch(/^(to go on|kept|nodes|progress)/m);
    expect(exitCodeOfSituation(situation(completed))).toBe(EXIT.ok);
  });

  test('machines that are left of it are listed', () => {
    expect(text({ state: 'failed', nodes: [node(0)] })).toContain('nodes        node 0, run-viggo-4-lease-1-1-0-g1: running');
  });
});

describe('what starts a run again that is over', () => {
  const over = (ending: RunSituation['ending'], failure: RunSituation['failure'] = null): Partial<RunSituation> => ({
    ...{ state: failure === null ? 'interrupted' : 'failed', since: before(60), ending, failure, nodes: [], pending: [] },
  });

  test('nobody, where a person has to mend it first, or has ended it: with the reason', () => {
    expect(flowing(over('failed', 'DoesNotFit'))).toContain(
      `recovery not started again by itself: DoesNotFit is for a person to mend: ${FAILURES.DoesNotFit.remedy}`,
    );
    expect(flowing(over('terminated'))).toContain('not started again by itself: somebody has terminated it');
    expect(text(over('cancelled'))).not.toMatch(/^recovery/m);
  });

  test('the schedule, with the time at which it will', () => {
    expect(flowing(over('failed', 'StoreUnavailable'))).toContain('recovery started again by itself at 03:01:00, in 1 min 0 s');
    expect(flowing({ ...over('timed out'), since: before(300) })).toContain('started again by itself within two minutes');
  });

  test('how often it was, with when and after what, also while it is open', () => {
    const { recovery, ...stored } = situation().stored;
    const made = [{ number: 1, after: 1, at: before(900), deadlineAt: before(-9000), reason: 'StoreUnavailable' }];
    const again = { stored: { ...stored, recovery: { ...(recovery as NonNullable<typeof recovery>), made } } };
    expect(flowing(again)).toContain('recovered start 1 without a person at 02:45:00, after StoreUnavailable');
  });
});

describe('when nobody answers', () => {
  const away: Partial<RunSituation> = {
    ...{ state: 'unknown', control: null, status: null, pending: [], progress: null },
    server: { address: '127.0.0.1:7233', id: null, problem: 'no Temporal server answers at 127.0.0.1:7233', page: null },
    nodes: [node(0, { contact: 'unknown', lastContactAt: null })],
  };

  test('the server: says so, and shows what store and provider know', () => {
    const shown = flowing(away);
    expect(shown).toContain('server cannot be asked: no Temporal server answers at 127.0.0.1:7233. Ranks train on without it.');
    expect(shown).toContain('checkpoint step 1,150, stored 02:58:48');
    expect(shown).toContain('1-1-0-g1: running, deadline 03:21:05');
    expect(shown).not.toContain('suspect');
    expect(shown).toContain('kept prepare, baseline, smoke');
    expect(shown).toContain('to go on npx formwork up');
    expect(exitCodeOfSituation(situation(away))).toBe(EXIT.notReady);
  });

  test('the server, of a run that the store says is over: its end is told, with its own exit code', () => {
    const over: Partial<RunSituation> = { ...away, state: 'completed', message: 'done' };
    expect(flowing(over)).toContain('run viggo-4: completed');
    expect(flowing(over)).not.toContain('Ranks train on');
    expect(exitCodeOfSituation(situation(over))).toBe(EXIT.ok);
  });

  test('a control worker that is gone: nobody polls, since when, and what starts one', () => {
    const gone: Partial<RunSituation> = {
      ...{ status: null, control: { taskQueue: 'formwork', lastPollAt: before(130), problem: 'Deadline exceeded' } },
    };
    expect(flowing(gone)).toContain('control nobody polls queue formwork since 02:57:50, 2 min 10 s ago');
    expect(flowing(gone)).toContain('npx formwork up');
    expect(exitCodeOfSituation(situation(gone))).toBe(EXIT.notReady);
    const long: Partial<RunSituation> = {
      ...gone,
      control: { taskQueue: 'formwork', lastPollAt: null, problem: 'Deadline exceeded' },
    };
    expect(flowing(long)).toContain('nobody polls queue formwork for 5 minutes or more');
  });

  test('a control worker that has polled a moment ago: it is not said to be gone', () => {
    const busy = { taskQueue: 'formwork', lastPollAt: before(20), problem: 'Deadline exceeded' };
    expect(flowing({ status: null, control: busy })).toContain(
      'a worker polls queue formwork but did not answer: Deadline exceeded',
    );
  });

  test('space on the disk: says so before it is full', () => {
    expect(flowing({ disk: { freeBytes: 5e8, warning: '/home has 0.5 GB free' } })).toContain('disk /home has 0.5 GB free');
    expect(flowing({})).not.toMatch(/disk .* free/);
  });

  test('a server that has forgotten the run: starting it again goes on', () => {
    expect(flowing({ state: 'unknown', status: null, nodes: [] })).toContain('the server at 127.0.0.1:7233 does not know it');
    expect(flowing({ state: 'unknown', status: null, nodes: [] })).toMatch(/to go on npx formwork resume viggo-4 web ui/);
    const other = { ...situation().server, id: 'namespace-2' };
    expect(flowing({ state: 'unknown', status: null, nodes: [], server: other })).toContain(
      'to go on npx formwork resume viggo-4 --take-over',
    );
    expect(flowing({ state: 'failed', server: other })).toContain('resume viggo-4 --take-over');
  });

  test('the provider: says so instead of an empty list', () => {
    expect(flowing({ nodes: [], providerProblem: 'access denied' })).toContain('nodes cannot be listed: access denied');
  });
});

test('an instant of another day is told with its date', () => {
  expect(
    text({ stored: { ...situation().stored, checkpoint: { round: '0', trajectory: 0, step: 5, committedAt: before(90_000) } } }),
  ).toContain('stored 2026-11-22 02:00:00, 1 d 1 h ago');
});

test('whatever messages and logs say, no line is longer than 100 columns, but for a word that is', () => {
  const words = fc
    .array(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 60 }), { maxLength: 40 })
    .map((all) => all.join(' '));
  fc.assert(
    fc.property(words, words, fc.array(words, { maxLength: 5 }), (message, help, logTail) => {
      const lines = situationLines(
        situation({
          ...{ state: 'parked', pending: [pending({ attempt: 3, lastFailure: { kind: 'Defect', message } })] },
          status: status({ parked: { ...parked, help }, lastFailure: { ...lastFailure, message, ranks: [{ rank: 0, logTail }] } }),
        }),
      );
      for (const line of lines) if (line.trim().includes(' ')) expect(line.length).toBeLessThanOrEqual(100);
    }),
  );
});
