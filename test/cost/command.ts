/**
 * `npm run cost`: what durability costs while a run trains, see docs/cost.md. With `share` or `wall` only that part; `--minutes` and
 * `--pairs` make it shorter for trying out: then it prints and keeps nothing. `--page` writes the page from the results that are there.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { prepareTestMachine } from '../../bin/test-machine.js';
import { packageFile } from '../../src/platform/package-root.js';
import { measuringMachine, type MeasuringMachine } from '../fixtures/measuring-machine.js';
import { MOST_SHARE } from './limits.js';
import { costPage, shareOf } from './page.js';
import { measurePair } from './pair.js';
import { pairedRatio } from './paired-ratio.js';
import { readResults, writeResults, type Pair, type Results } from './result.js';
import { measureShare } from './share.js';

const MINUTES = 10;
/** With fewer, the interval says little. */
const PAIRS = 5;
const PARTS = ['share', 'wall'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string' }, pairs: { type: 'string' }, page: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((part) => !PARTS.includes(part));
if (unknown.length > 0) {
  process.stderr.write(`no such part: ${unknown.join(', ')}; there are ${PARTS.join(', ')}\n`);
  process.exit(2);
}
const asked = (part: string): boolean => positionals.length === 0 || positionals.includes(part);

if (!values.page) {
  const { env } = await prepareTestMachine();
  Object.assign(process.env, env);
  if (asked('share')) await takeShare(Number(values.minutes ?? MINUTES));
  if (asked('wall')) await takeWall(Number(values.pairs ?? PAIRS));
}
writeFileSync(packageFile('docs', 'cost.md'), await costPage(readResults(), MOST_SHARE));

async function takeShare(minutes: number): Promise<void> {
  say(`training for ${minutes} min, with everything that formwork has around it`);
  const share = await measureShare(minutes * 60);
  for (const [role, seconds] of Object.entries(share.training)) say(`  ${role.padEnd(18)} ${seconds.toFixed(1)} CPU-s`);
  const found = shareOf(share.training);
  say(`outside the ranks: ${(100 * found).toFixed(2)} % of theirs; ${100 * MOST_SHARE} % are allowed`);
  if (found > MOST_SHARE) process.exitCode = 1;
  if (minutes >= MINUTES) keep({ share: { ...stamp(), ...share } });
}

async function takeWall(count: number): Promise<void> {
  const pairs: Pair[] = [];
  for (let n = 1; n <= count; n += 1) {
    const pair = await measurePair();
    pairs.push(pair);
    say(`pair ${n}: formwork ${pair.formwork.toFixed(1)} s, by hand ${pair.byHand.toFixed(1)} s, ${pair.steps} steps`);
  }
  if (pairs.length < 2) return;
  const { value, low, high } = pairedRatio(pairs.map(({ formwork, byHand }) => ({ numerator: formwork, denominator: byHand })));
  say(`formwork / by hand: ${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`);
  if (pairs.length >= PAIRS) keep({ wall: { ...stamp(), pairs } });
}

function keep(part: Partial<Results>): void {
  writeResults({ ...readResults(), ...part });
}

const stamp = (): { at: string; machine: MeasuringMachine } => ({ at: new Date().toISOString(), machine: measuringMachine() });

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
