import { format, resolveConfig } from 'prettier';
import { packageFile } from '../../src/platform/package-root.js';
import { advice } from './advice.js';
import { bends } from './bends.js';
import { measured } from './measured.js';
import { RUNS, type Trial } from './result.js';
import { count } from './words.js';

/** docs/scale.md, formatted as every page is. */
export async function scalePage(trials: readonly Trial[]): Promise<string> {
  const style = await resolveConfig(packageFile('docs', 'scale.md'));
  return format(pageText(trials), { ...style, parser: 'markdown' });
}

function pageText(trials: readonly Trial[]): string {
  return [
    '# Scale',
    '<!-- Written by `npm run scale`. -->',
    PURPOSE,
    '## What is real, and what is not',
    REALITY,
    '## Measured',
    ...(trials.length === 0 ? ['Not measured.'] : measured(trials)),
    '## Where it bends',
    ...bends(trials),
    '## What to run',
    ...advice(trials),
    '## Running it',
    RUNNING,
  ]
    .join('\n\n')
    .concat('\n');
}

const PURPOSE = `How many runs one server and one control worker carry at once, on the smallest machine that formwork is for, and what gives way first. Training itself is on other machines: what is measured here is what it costs to keep them, watch them and write down what they do.`;

const REALITY = `Real: the embedded server with the options and the retention that \`formwork up\` gives it, one control worker with the product's code, options and metrics, all workflows, all activities of the control queue on the file store (plans, claims, data sets, budgets, judgements, scores, ledgers, reports), the standing schedules, the command line. Each run goes through all its stages to a report.

Not real: machines and ranks. The provider is a list in memory that takes 0.2 s for a launch. The machines are in one process, each with the product's node worker on a queue of its own; their jobs take a second or two, beat every three seconds, hand back every ten minutes (each at its own moment of them, as in a crowd of any age), and leave in the store the records that a real node leaves (events, manifests, predictions, its part of the ledger) without weights. All of it, the machines' process too, shares the cores that are measured. A webhook is not set.`;

const RUNNING = `\`npm run scale\` measures ${new Intl.ListFormat('en-GB').format(RUNS.map(count))} runs, each in an installation of its own, and writes this page; \`npm run scale -- --runs 50,500\` measures those alone, and the others stay as they are. \`--request training\` and \`--request practice\` let runs ask for that. \`--minutes\` ends a trial before its time: what is over by then is counted. \`--try\` prints, and keeps nothing; \`--page\` writes the page from what is kept. It needs Linux, for \`/proc\`.`;
