/**
 * Runs the suites of `npm test` one after the other, goes on after one that failed, and ends with `N passed, N failed`.
 * A static check counts as one; of the test runners every test counts. With names of suites as arguments, only those run.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa, type Options } from 'execa';
import { z } from 'zod';
import { packageFile, packageRoot } from '../src/platform/package-root.js';
import { prepareTestMachine, type TestMachine } from './test-machine.js';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** What is known of each failure: repeated at the end, where the log of an hour is looked at first. */
  failures?: string[];
}

interface Suite {
  name: string;
  /** Too long to run unless it is named. */
  onlyByName?: boolean;
  run: (machine: Machine) => Promise<Counts>;
}

interface Machine extends TestMachine {
  /** Folder for what the runners report. */
  results: string;
}

const local = (name: string): string => packageFile('node_modules', '.bin', name);

const check = (name: string, command: (machine: Machine) => [string, ...string[]], options: Options = {}): Suite => ({
  name,
  run: async (machine) => {
    const [program, ...args] = command(machine);
    const { exitCode } = await shown(program, args, { env: machine.env, ...options });
    return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
  },
});

const VitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

const vitest = (name: string): Suite => ({
  name,
  run: async ({ env, results }) => {
    const report = join(results, `${name}.json`);
    const args = ['run', '--project', name, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { exitCode } = await shown(local('vitest'), args, { env });
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = VitestReport.parse(
      JSON.parse(readFileSync(report, 'utf8')),
    );
    const failures = testResults.flatMap(({ name, message, assertionResults }) => [
      // A file that could not be loaded has a message of its own and no tests.
      ...(assertionResults.length === 0 ? [`${relative(packageRoot, name)}: ${message ?? 'could not be loaded'}`] : []),
      ...assertionResults
        .filter(({ status }) => status === 'failed')
        .map(
          ({ fullName, failureMessages }) => `${relative(packageRoot, name)}: ${fullName}\n${(failureMessages ?? []).join('\n')}`,
        ),
    ]);
    return { passed: numPassedTests, failed: atLeastOneOf(numFailedTests, exitCode), skipped: numPendingTests, failures };
  },
});

const RUNNER = packageFile('gpu-runner');

const pytest: Suite = {
  name: 'gpu-runner',
  run: async ({ env, python }) => {
    const { exitCode, stdout } = await execa(python, ['-m', 'pytest', '-q', '-rfE'], {
      cwd: RUNNER,
      env,
      reject: false,
      stdout: ['inherit', 'pipe'],
      stderr: 'inherit',
    });
    // Its last line: "150 passed, 2 failed, 1 skipped in 160.12s".
    const summary = stdout.trimEnd().split('\n').at(-1) ?? '';
    const count = (what: string): number => Number(new RegExp(`(\\d+) ${what}`).exec(summary)?.[1] ?? 0);
    return {
      passed: count('passed'),
      failed: atLeastOneOf(count('failed') + count('error'), exitCode),
      skipped: count('skipped'),
      failures: stdout.split('\n').filter((line) => /^(FAILED|ERROR) /.test(line)),
    };
  },
};

/** Fast ones first: what is wrong everywhere is told within a minute. */
const SUITES: Suite[] = [
  check('types', () => [local('tsc'), '--noEmit']),
  check('lint', () => [local('eslint'), '.']),
  check('format', () => [local('prettier'), '--check', '--log-level=warn', '.']),
  check('unused', () => [local('knip')]),
  check('python-lint', ({ python }) => [python, '-m', 'ruff', 'check', '--quiet', RUNNER]),
  check('python-format', ({ python }) => [python, '-m', 'ruff', 'format', '--check', '--quiet', RUNNER]),
  check('python-types', ({ python }) => [python, '-m', 'pyright', '--pythonpath', python], { cwd: RUNNER }),
  vitest('unit'),
  vitest('contract'),
  vitest('architecture'),
  vitest('workflow'),
  vitest('browser'),
  pytest,
  vitest('e2e'),
  vitest('kills'),
  vitest('durability'),
  vitest('chaos'),
  { ...vitest('network'), onlyByName: true },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such suite: ${unknown.join(', ')}; there are ${SUITES.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

const results = mkdtempSync(join(tmpdir(), 'formwork-test-'));
const lines: string[] = [];
const total = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
try {
  const machine = { ...(await prepareTestMachine()), results };
  for (const suite of SUITES.filter(({ name, onlyByName }) =>
    wanted.length === 0 ? onlyByName !== true : wanted.includes(name),
  )) {
    process.stdout.write(`\n== ${suite.name}\n`);
    const began = Date.now();
    const counts = await suite.run(machine).catch((error: unknown): Counts => {
      process.stderr.write(`${suite.name} could not be run: ${String(error)}\n`);
      return { passed: 0, failed: 1, skipped: 0 };
    });
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key];
    failures.push(...(counts.failures ?? []).map((failure) => `${suite.name}: ${failure}`));
    const seconds = Math.round((Date.now() - began) / 1000);
    const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} did not run, see above`;
    lines.push(`${suite.name.padEnd(14)} ${counts.passed} passed, ${counts.failed} failed${skipped} (${seconds} s)`);
  }
} finally {
  rmSync(results, { recursive: true, force: true });
}
if (failures.length > 0) process.stdout.write(`\n== what failed\n${failures.join('\n\n')}\n`);
process.stdout.write(`\n${lines.join('\n')}\n\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

/** A runner that failed outside of any test, e.g. at an import, counts as one failure. */
function atLeastOneOf(failed: number, exitCode: number | undefined): number {
  return exitCode === 0 ? failed : Math.max(1, failed);
}

function shown(program: string, args: string[], options: Options): Promise<{ exitCode?: number | undefined }> {
  return execa(program, args, { cwd: packageRoot, ...options, reject: false, stdio: 'inherit' });
}
