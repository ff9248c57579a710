/**
 * `npm run scale [-- --runs N,N,...]`: how many runs one control worker carries at once, see docs/scale.md. Each number is measured in
 * an installation of its own, and takes the place of its result in the repository; the page is written from all that are there.
 * `--request practice` lets each run ask for what `npm start` does, `--request training` lets it begin with its training.
 * `--try` prints, and keeps nothing. `--page` writes the page alone.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { packageFile } from '../../src/platform/package-root.js';
import { keepTrial, readTrials, REQUESTS, RUNS } from './result.js';
import { scalePage } from './page.js';
import { measure } from './trial.js';

/** Ten times what the largest number here takes where nothing bends. */
const MINUTES = '30';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: RUNS.join() },
    request: { type: 'string', default: 'short' },
    minutes: { type: 'string', default: MINUTES },
    try: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
  },
});
const numbers = values.page ? [] : values.runs.split(',').map(Number);
if (numbers.some((runs) => !Number.isInteger(runs) || runs < 1)) {
  process.stderr.write(`--runs ${values.runs}: expected numbers of runs, e.g. ${RUNS.join()}\n`);
  process.exit(2);
}
const request = REQUESTS.find((name) => name === values.request);
if (request === undefined) {
  process.stderr.write(`--request ${values.request}: there are ${REQUESTS.join(' and ')}\n`);
  process.exit(2);
}
const limitMs = Number(values.minutes) * 60_000;
for (const runs of numbers) {
  say(`${runs} runs`);
  const trial = await measure({ request, runs, limitMs }, (line) => say(`  ${line}`));
  say(`  ${trial.inTraining} trained at once, ${trial.completed} completed`);
  if (trial.completed < runs) process.exitCode = 1;
  if (values.try) say(JSON.stringify(trial, null, 2));
  else keepTrial(trial);
}
if (!values.try) writeFileSync(packageFile('docs', 'scale.md'), await scalePage(readTrials()));

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
