import { join } from 'node:path';
import { isEntry, isRank, isServer, type FoundProcess } from '../e2e/sandbox.js';
import { newestStep } from '../durability/newest-step.js';
import { busySeconds } from './busy-seconds.js';
import { CpuLedger, difference, type Role, type Seen, type Totals } from './cpu-ledger.js';
import { MeasuredRun } from './measured-run.js';
import { processorTimes } from './processor-times.js';
import { longTraining } from './requests.js';
import type { Share } from './result.js';

const ENTRIES: readonly (readonly [entry: string, role: Role])[] = [
  ['control-host', 'control host'],
  ['control', 'control worker'],
  ['node-host', 'node hosts'],
  ['node', 'node workers'],
  ['rank-supervisor', 'rank supervisors'],
];

/** Runs the default training for so long and adds up who uses the processors meanwhile. */
export async function measureShare(seconds: number): Promise<Share> {
  const run = new MeasuredRun();
  try {
    return await watchShare(run, seconds);
  } finally {
    await run.close();
  }
}

/** @throws when a rank is lost or started again meanwhile. */
async function watchShare(run: MeasuredRun, seconds: number): Promise<Share> {
  const ledger = new CpuLedger();
  run.start(longTraining);
  let before: Totals = new Map();
  const began = await run.until('its training', () => {
    if (run.ranks().length > 0) return snapshot(before);
    look(run, ledger);
    before = ledger.totals();
    return null;
  });
  const ranks = await run.until('two ranks', () => (run.ranks().length === 2 ? numbersOf(run) : null));
  const ended = await run.until('the end of the measurement', () => {
    look(run, ledger);
    const now = numbersOf(run);
    if (now !== ranks) throw new Error(`the ranks were ${ranks}, and are ${now || 'gone'}: there is no one training to measure`);
    return Date.now() - began.at >= seconds * 1000 ? snapshot(ledger.totals()) : null;
  });
  const training = difference(began.totals, ended.totals);
  return {
    seconds: (ended.at - began.at) / 1000,
    steps: await newestStep(join(run.box.home, 'nodes'), 0, 0),
    training: Object.fromEntries(training),
    sinceCommand: Object.fromEntries(ended.totals),
    elsewhere: Math.max(0, ended.busy - began.busy - sum(training)),
  };
}

const numbersOf = (run: MeasuredRun): string =>
  run
    .ranks()
    .map(({ pid }) => pid)
    .join();

interface Snapshot {
  at: number;
  totals: Totals;
  busy: number;
}

const snapshot = (totals: Totals): Snapshot => ({ at: Date.now(), totals, busy: busySeconds() });

function look(run: MeasuredRun, ledger: CpuLedger): void {
  ledger.look(
    run.box.processes().flatMap((found): Seen[] => {
      const times = processorTimes(found.pid);
      return times === null ? [] : [{ ...times, role: roleOf(found) }];
    }),
  );
}

function roleOf(found: FoundProcess): Role {
  if (isRank(null, null)(found)) return 'rank';
  if (isServer(found)) return 'server';
  if (found.command.some((part) => part.endsWith('/formwork.mjs'))) return 'command line';
  return ENTRIES.find(([entry]) => isEntry(entry)(found))?.[1] ?? 'other';
}

const sum = (totals: Totals): number => [...totals.values()].reduce((total, seconds) => total + seconds, 0);
