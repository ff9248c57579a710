/**
 * `npm run durability [-- row ...]`: every row of faults.ts against the run that nothing happens to, one after the other; docs/durability.md
 * is written when all of them were asked for. With `--page` it is written from the results that are there.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { prepareTestMachine } from '../../bin/test-machine.js';
import { readEnvironment } from '../../src/platform/environment.js';
import { packageRoot } from '../../src/platform/package-root.js';
import { sharedMachine } from '../fixtures/measuring-machine.js';
import type { Fault } from './fault.js';
import { FAULTS } from './faults.js';
import { judge } from './judge.js';
import { measureReference, startRow, type Row } from './measure.js';
import type { Reference } from './reference.js';
import { minuteOfTraining } from './request.js';
import { readResults, RESULTS, type Result } from './result.js';
import { HEADINGS, cellsOf } from './table.js';
import { writeDurabilityPage } from './write-page.js';

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('--'));
const unknown = names.filter((name) => !FAULTS.some((fault) => fault.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such row: ${unknown.join(', ')}; there are ${FAULTS.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

const file = join(readEnvironment(process.env, packageRoot).home, 'durability.jsonl');
if (args.includes('--page')) await writePage();
else process.exitCode = await measureAll(FAULTS.filter(({ name }) => names.length === 0 || names.includes(name)));

async function measureAll(faults: readonly Fault[]): Promise<number> {
  const seed = Number(process.env['FORMWORK_TEST_SEED'] ?? Date.now() % 1_000_000);
  const { env } = await prepareTestMachine();
  Object.assign(process.env, env);
  mkdirSync(dirname(file), { recursive: true });
  process.stdout.write(`faults at random steps, FORMWORK_TEST_SEED=${seed}; results in ${file}\n`);
  const reference = await measureReference(minuteOfTraining);
  process.stdout.write(`unbroken: ${reference.steps} steps, ${reference.seconds} s\n\n${line(HEADINGS)}\n`);
  const rows: Promise<Result>[] = [];
  for (const fault of faults) {
    const missing = fault.missing?.() ?? null;
    if (missing !== null) {
      process.stdout.write(`${fault.name}: not run, ${missing}\n`);
      rows.push(Promise.resolve(keep({ ...frame(fault, reference, seed), state: 'not run', why: missing })));
      continue;
    }
    const row = startRow(fault, minuteOfTraining, reference, seed);
    rows.push(finish(fault, row).then((end) => keep({ ...frame(fault, reference, seed), ...end })));
    await row.idle;
  }
  const results = await Promise.all(rows);
  if (names.length === 0) await writePage();
  const count = (state: Result['state']): number => results.filter((result) => result.state === state).length;
  const failed = count('failed') + count('broken');
  process.stdout.write(
    `\n${count('passed')} passed, ${failed} failed${count('not run') === 0 ? '' : `, ${count('not run')} not run`}\n`,
  );
  return failed === 0 && count('passed') > 0 ? 0 : 1;
}

async function finish(
  { expected }: Fault,
  row: Row,
): Promise<Pick<Result, 'state' | 'why' | 'measured' | 'leftOver' | 'problems'>> {
  try {
    const measured = await row.measured;
    const leftOver = await row.leftOver;
    const problems = [...judge(expected, measured), ...leftOver];
    return { state: problems.length === 0 ? 'passed' : 'failed', measured, leftOver, problems };
  } catch (error) {
    return { state: 'broken', why: String(error) };
  }
}

function frame({ name }: Fault, reference: Reference, seed: number): Pick<Result, 'name' | 'at' | 'seed' | 'machine' | 'run'> {
  const { steps, seconds, checkpointEverySteps, stepSeconds } = reference;
  return {
    name,
    at: new Date().toISOString(),
    seed,
    machine: sharedMachine(),
    run: { steps, seconds, checkpointEverySteps, stepSeconds },
  };
}

function keep(result: Result): Result {
  appendFileSync(file, `${JSON.stringify(result)}\n`);
  process.stdout.write(`${line(cellsOf(result))}\n`);
  for (const problem of result.problems ?? []) process.stdout.write(`  ${problem}\n`);
  if (result.state === 'broken') process.stdout.write(`  ${result.why}\n`);
  return result;
}

/** The newest result of each row becomes the record in the repository, and the page. */
async function writePage(): Promise<void> {
  const newest = new Map(readResults(file).map((result) => [result.name, result]));
  const kept = FAULTS.flatMap(({ name }) => newest.get(name) ?? []);
  writeFileSync(RESULTS, kept.map((result) => `${JSON.stringify(result)}\n`).join(''));
  await writeDurabilityPage();
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(22) : cell.padEnd(14)))
    .join(' ')
    .trimEnd();
}
