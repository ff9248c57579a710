import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TEST_EVALUATION } from '../../activities/evaluation/compare-on-test.js';
import type { Stage } from '../../src/contract/kinds.js';
import { evaluationWorkflowId, roundWorkflowId, runWorkflowId, TRAINING_ROUND } from '../../src/domain/names.js';
import { NodeFolder } from '../../src/platform/compute/node-folder.js';
import type { Strike } from '../../src/platform/faults/fault-ground.js';
import { nullIfMissing } from '../../src/platform/files.js';
import type { Home } from '../../src/platform/home/home.js';
import { JobFolder } from '../../src/platform/runner/job-folder.js';
import { contact } from '../durability/contact.js';
import type { Siege } from './siege.js';
import type { SiegeExpectation } from './siege-fault.js';

const LOOK_MS = 500;
/** Polls are renewed within a minute; a worker that gave up is started again by its host. */
const CONTACT_MS = 180_000;
/** The shortest stage takes some seconds. */
const STAGE_MS = 2_000;
/** Two looks of the schedule, the longest of three doubled waits of a minute, and the start of everything. */
const GOES_ON_MS = 15 * 60_000;

/** How a run was when it was struck. */
export interface Struck {
  fence: number;
  /** The newest; -1: none. */
  trajectory: number;
}

export interface GoneOn {
  /** First sign that the run goes on. */
  at: number;
  /** When all workers that were hit polled again; null: none was hit, or they were not seen to. */
  contactAt: number | null;
}

/** What a job on a node shows from outside. */
interface JobSigns {
  jobId: string;
  owner: number;
  /** When a rank last told something; 0: none has. */
  toldAt: number;
  /** Rank 0 or another of this node has come to it. */
  step: number;
}

/** Resolves when a fault is over and the run goes on. @throws when it does not. */
export async function awaitGoingOn(siege: Siege, expected: SiegeExpectation, strike: Strike, struck: Struck): Promise<GoneOn> {
  const { scene, runKey } = siege;
  const contactAt = expected.run === 'goes on' && strike.queues !== undefined ? await contactOf(siege, strike, struck.fence) : null;
  const end = strike.overAt + GOES_ON_MS;
  while (Date.now() < end) {
    const signs = await jobSigns(scene.home);
    if (signs.some((signsOfJob) => isSign(signsOfJob, expected, strike, struck))) return { at: Date.now(), contactAt };
    const { ended } = await siege.known();
    if (ended?.outcome === 'completed') return { at: Date.parse(ended.endedAt), contactAt };
    await delay(LOOK_MS);
  }
  throw new Error(`run ${runKey} did not go on within ${GOES_ON_MS / 60_000} min of ${strike.what}`);
}

/** When all that was hit was heard from; null: not within the time. The stage may change meanwhile, and with it who beats. */
async function contactOf(siege: Siege, strike: Strike, fence: number): Promise<number | null> {
  const { client } = siege.scene;
  while (Date.now() < strike.overAt + CONTACT_MS) {
    const roundId = workflowAtWork(siege.runKey, fence, await siege.stage());
    const at = await contact({ client, roundId }, strike, Date.now() - strike.overAt + STAGE_MS);
    if (at !== null) return at;
  }
  return null;
}

/** Whose activities follow the ranks of a stage. */
function workflowAtWork(runKey: string, fence: number, stage: Stage): string {
  switch (stage) {
    case 'smoke':
      return roundWorkflowId(runKey, fence, 'smoke');
    case 'train':
      return roundWorkflowId(runKey, fence, TRAINING_ROUND);
    case 'baseline':
      return evaluationWorkflowId(runKey, fence, 'baseline');
    case 'evaluate':
      return evaluationWorkflowId(runKey, fence, 'epochs');
    case 'test':
      return evaluationWorkflowId(runKey, fence, TEST_EVALUATION);
    default:
      return runWorkflowId(runKey);
  }
}

function isSign(signs: JobSigns, expected: SiegeExpectation, { overAt }: Strike, struck: Struck): boolean {
  switch (expected.run) {
    case 'goes on':
      return signs.toldAt > overAt;
    case 'forms again':
      return signs.step > 0 && trajectoryOf(signs.jobId) > struck.trajectory;
    case 'is started again':
      return signs.owner > struck.fence && signs.toldAt > 0;
  }
}

/** Of a gang in training; -1: it is none. */
function trajectoryOf(jobId: string): number {
  const found = /^round-0-t(\d+)$/.exec(jobId)?.[1];
  return found === undefined ? -1 : Number(found);
}

async function jobSigns(home: Home): Promise<JobSigns[]> {
  const nodes = (await readdir(home.nodes()).catch(nullIfMissing)) ?? [];
  const signs = nodes.map(async (node) => {
    const work = new NodeFolder(join(home.nodes(), node)).work();
    const jobIds = (await readdir(join(work, 'jobs')).catch(nullIfMissing)) ?? [];
    return Promise.all(jobIds.map((jobId) => signsOf(new JobFolder(work, jobId))));
  });
  return (await Promise.all(signs)).flat().filter((one) => one !== null);
}

/** null: nobody supervises it yet. */
async function signsOf(job: JobFolder): Promise<JobSigns | null> {
  const state = await job.state();
  if (state === null) return null;
  const ranks = state.ranks.map(({ rank }) => rank);
  const told = await Promise.all(ranks.map((rank) => stat(join(job.work, job.eventsPath(rank))).catch(nullIfMissing)));
  const steps = trajectoryOf(job.jobId) === -1 ? [] : await Promise.all(ranks.map((rank) => job.newestStep(rank)));
  return {
    jobId: job.jobId,
    owner: state.fence.owner,
    toldAt: Math.max(0, ...told.map((file) => (file === null || file.size === 0 ? 0 : file.mtimeMs))),
    step: Math.max(0, ...steps),
  };
}
