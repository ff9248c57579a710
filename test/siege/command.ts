/**
 * `npm run siege -- viggo`: the real ViGGO request with twelve faults, against the run that nothing happens to; `npm run siege -- goodput`:
 * half an hour of training with ten, and what each has cost. Each is kept, and docs/durability.md is written. `--short`, `--minutes` and
 * names of faults (`npm run siege -- viggo --short kill-rank`) are for trying out: they print, and keep nothing. `--page` writes the page
 * from the results that are there. `--unbroken` names a home that has the unbroken run already, completed under the key `unbroken`.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareTestMachine } from '../../bin/test-machine.js';
import { writeDurabilityPage } from '../durability/write-page.js';
import { testDataFolder } from '../fixtures/test-data.js';
import { measureGoodput } from './goodput.js';
import { goodputFaults, LEAST_GOODPUT } from './goodput-faults.js';
import { keepSiegeResult } from './result.js';
import { siegeTwice } from './siege-twice.js';
import { VIGGO_FAULTS } from './viggo-faults.js';
import { shortSiegeRequest, viggoRequest } from './viggo-request.js';

const MINUTES = 30;
const OUTAGE_SECONDS = 60;
const PARTS = ['viggo', 'goodput'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    unbroken: { type: 'string' },
    minutes: { type: 'string' },
    page: { type: 'boolean', default: false },
  },
});
const [part = '', ...names] = positionals;
const minutes = Number(values.minutes ?? MINUTES);
// In a trial outages are as much shorter as all else.
const outageSeconds = Math.ceil((OUTAGE_SECONDS * Math.min(minutes, MINUTES)) / MINUTES);
const known = part === 'viggo' ? VIGGO_FAULTS : goodputFaults(outageSeconds);
const faults = known.filter(({ name }) => names.length === 0 || names.includes(name));
const unknown = names.filter((name) => !known.some((fault) => fault.name === name));
if (!values.page && (!PARTS.includes(part) || unknown.length > 0)) {
  process.stderr.write(
    `usage: npm run siege -- viggo [--short] [--unbroken HOME] [fault ...] | goodput [--minutes N] [fault ...] | --page\nfaults: ${known.map(({ name }) => name).join(' ')}\n`,
  );
  process.exit(2);
}

if (values.page) await writeDurabilityPage();
else {
  const seed = Number(process.env['FORMWORK_TEST_SEED'] ?? Date.now() % 1_000_000);
  const { env } = await prepareTestMachine();
  Object.assign(process.env, env);
  say(`faults at random moments, FORMWORK_TEST_SEED=${seed}`);
  process.exitCode = (await (part === 'viggo' ? takeViggo(seed) : takeGoodput(seed))) ? 0 : 1;
}

async function takeViggo(seed: number): Promise<boolean> {
  const data = values.short ? null : testDataFolder('viggo');
  if (!values.short && data === null) return false;
  const result = await siegeTwice(
    {
      request: ({ scene }) => (data === null ? shortSiegeRequest(join(scene.box.root, 'data')) : viggoRequest(data)),
      faults,
      seed,
      unbrokenHome: values.unbroken ?? null,
    },
    say,
  );
  tellProblems(result.problems);
  if (!values.short && names.length === 0) {
    keepSiegeResult({ viggo: result });
    await writeDurabilityPage();
  }
  return result.problems.length === 0;
}

async function takeGoodput(seed: number): Promise<boolean> {
  const result = await measureGoodput({ minutes, outageSeconds, faults, seed }, say);
  result.costs.forEach((cost, index) => say(`${result.faults[index]?.name}: ${JSON.stringify(cost)} ms`));
  say(`without a fault: ${JSON.stringify(result.ordinary)} ms`);
  const goodput = result.kept / result.milliseconds;
  say(`goodput ${(100 * goodput).toFixed(1)} % over ${result.seconds} s; at least ${100 * LEAST_GOODPUT} % are asked for`);
  tellProblems(result.problems);
  if (minutes >= MINUTES && names.length === 0) {
    keepSiegeResult({ goodput: result });
    await writeDurabilityPage();
  }
  return result.problems.length === 0 && goodput >= LEAST_GOODPUT;
}

function tellProblems(problems: readonly string[]): void {
  for (const problem of problems) say(`  ${problem}`);
  say(problems.length === 0 ? 'all as it has to be' : `${problems.length} problems`);
}

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}
