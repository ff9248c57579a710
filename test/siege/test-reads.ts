import { EvaluationSpec } from '../../activities/evaluation/open-evaluation.js';
import { GeneratedPrediction } from '../../src/contract/score.js';
import { TEST_EVALUATION } from '../../activities/evaluation/compare-on-test.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { RunOutcome } from './run-outcome.js';
import type { Siege } from './siege.js';

/** What of how the test split was read is not as it has to be, in words: by one evaluation, once the epoch was chosen, each row once a model. */
export async function testReadProblems(siege: Siege, { answers }: RunOutcome): Promise<string[]> {
  const specs = await specsOf(siege);
  const onTest = specs.filter(({ split }) => split === 'test');
  const [spec] = onTest;
  if (onTest.length !== 1 || spec === undefined || spec.id !== TEST_EVALUATION)
    return [`the test split was asked by: ${onTest.map(({ id }) => id).join(', ') || 'nobody'}`];
  const asked = answers.map((line) => GeneratedPrediction.parse(JSON.parse(line))).map(({ model, id }) => `${model} ${id}`);
  const items = spec.items * spec.models.length;
  return [
    ...(asked.length === items && new Set(asked).size === items
      ? []
      : [`${asked.length} predictions on test, ${new Set(asked).size} of them different; ${items} were asked for`]),
    ...(await askedTooEarly(siege)),
  ];
}

async function specsOf({ store, runKey }: Siege): Promise<EvaluationSpec[]> {
  const keys = (await store.list(runKeys.evaluation(runKey, ''))).map(({ key }) => key);
  const read = keys
    .filter((key) => key.endsWith('/spec.json'))
    .map(async (key) => EvaluationSpec.parse(JSON.parse(String(await store.get(key)))));
  return Promise.all(read);
}

async function askedTooEarly(siege: Siege): Promise<string[]> {
  const { nodes, stageEnds } = await siege.ledgerRecords();
  const chosenAt = stageEnds.get('evaluate');
  if (chosenAt === undefined || chosenAt === null) return ['nobody has noted when the epoch was chosen'];
  const jobs = nodes.flatMap((node) => node.jobs.filter(({ jobId }) => jobId.startsWith(`evaluation-${TEST_EVALUATION}-`)));
  return [
    ...(jobs.length === 0 ? ['no job of the ledger has read the test split'] : []),
    ...jobs
      .filter(({ startedAt }) => startedAt < chosenAt)
      .map(({ jobId, startedAt }) => `${jobId} was started at ${startedAt}, before the epoch was chosen (${chosenAt})`),
  ];
}
