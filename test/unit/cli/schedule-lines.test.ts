import { describe, expect, test } from 'vitest';
import { listLines, showLines } from '../../../src/cli/schedule/schedule-lines.js';
import type { ScheduledRun } from '../../../src/cli/schedule/scheduled-run.js';
import type { RunSchedule } from '../../../src/domain/run-schedule.js';

const NIGHT = '2026-11-24T01:00:00Z';

const schedule = (over: Partial<RunSchedule> = {}): RunSchedule => ({
  name: 'nightly',
  times: { cron: ['0 2 * * *'], intervals: [], timeZone: 'Europe/Berlin', jitterSeconds: 600 },
  paused: false,
  note: '',
  next: ['2026-11-25T01:03:00.000Z', '2026-11-26T01:07:30.000Z'],
  started: [],
  workflowId: 'run/nightly',
  request: {},
  overlap: 'skip',
  catchUpSeconds: 3600,
  pauseOnFailure: true,
  open: [],
  skippedForOverlap: 0,
  missed: 0,
  ...over,
});

const run = (over: Partial<ScheduledRun> = {}): ScheduledRun => ({
  runKey: `nightly-${NIGHT}`,
  state: 'completed',
  since: NIGHT,
  message: '0.0 % before, 95.2 % after on test',
  scheduledAt: NIGHT,
  ...over,
});

const flowing = (over: Partial<RunSchedule> = {}): string => showLines(schedule(over), []).join(' ').replaceAll(/\s+/g, ' ');

describe('a schedule in the list', () => {
  test('has its times, the next of them, and how its last three runs ended', () => {
    const runs = ['completed', 'parked', 'failed', 'completed'].map((state) => run({ state, message: state }));
    expect(listLines(schedule(), runs)).toEqual([
      'nightly: cron 0 2 * * *, Europe/Berlin, up to 10m later; next 2026-11-25 01:03:00 UTC, 2026-11-26 01:07:30 UTC',
      `  nightly-${NIGHT}  completed    completed`,
      `  nightly-${NIGHT}  parked       parked`,
      `  nightly-${NIGHT}  failed       failed`,
    ]);
  });

  test('that is paused says by whom or by what, and what goes on with it', () => {
    const note = `paused due to workflow failure: run/nightly-${NIGHT}: Workflow failed`;
    expect(listLines(schedule({ paused: true, note }), [])[0]).toContain(
      `paused by the failure of run nightly-${NIGHT}; npx formwork schedule resume nightly goes on`,
    );
    expect(listLines(schedule({ paused: true, note: 'no GPU' }), [])[0]).toContain('; paused (no GPU); npx formwork');
    expect(listLines(schedule(), [])[1]).toBe('  no run yet');
  });

  test('of equal steps says how far apart they are, and how much later than the whole ones', () => {
    const times = { cron: [], intervals: [{ everySeconds: 21_600, offsetSeconds: 1800 }], timeZone: 'UTC', jitterSeconds: 0 };
    expect(listLines(schedule({ times }), [])[0]).toMatch(/^nightly: every 6h, 30m later than the whole ones; next /);
  });
});

describe('one schedule', () => {
  test('has its keys, policies, what was left out or missed, and its runs', () => {
    const text = flowing({ skippedForOverlap: 2, missed: 1, open: [`run/nightly-${NIGHT}`] });
    expect(text).toContain('run keys nightly-<scheduled time, UTC>');
    expect(text).toContain('is made within 1h; later it is left out');
    expect(text).toContain(`open nightly-${NIGHT}`);
    expect(text).toContain('2 left out, since a run was open 1 missed for good, since no server was up in time');
    expect(showLines(schedule(), [run()]).slice(-2)).toEqual([
      'runs',
      `  nightly-${NIGHT}  completed    0.0 % before, 95.2 % after on test`,
    ]);
  });

  test('warns of a policy that ends runs, which only the Web UI can have set', () => {
    expect(flowing({ overlap: 'terminate-other' })).toContain(
      'terminate-other: ends a run that is at work; change it in the Web UI',
    );
  });
});
