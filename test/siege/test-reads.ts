import { TEST_EVALUATION } from '../../activities/evaluation/compare-on-test.js';
import { testReadProblems } from '../durability/evidence.js';
import type { Siege } from './siege.js';

/** What of how the test split was read is not as it has to be, in words: also by the ledger, which knows when. */
export async function readOfTestProblems(siege: Siege): Promise<string[]> {
  const { scene, runKey } = siege;
  return [...testReadProblems(scene.home, runKey, true), ...(await askedTooEarly(siege))];
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
