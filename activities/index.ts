import { eachBeating } from './beating.js';
import { describeNode } from './cluster/describe-node.js';
import { isLeaseNeeded } from './cluster/is-lease-needed.js';
import { launchNodes } from './cluster/launch-nodes.js';
import { renewNode } from './cluster/renew-node.js';
import { sweepNodes } from './cluster/sweep-nodes.js';
import { terminateNodes } from './cluster/terminate-nodes.js';
import { watchNodes } from './cluster/watch-nodes.js';
import { decisions } from './decisions.js';
import { importModel } from './dataset/import-model.js';
import { prepareDataset } from './dataset/prepare-dataset.js';
import { compareOnTest } from './evaluation/compare-on-test.js';
import { openEvaluation } from './evaluation/open-evaluation.js';
import { scoreEvaluation } from './evaluation/score-evaluation.js';
import { storePredictions } from './evaluation/store-predictions.js';
import { planRetry } from './plan/plan-retry.js';
import { planRun } from './plan/plan-run.js';
import { buildReport } from './report/build-report.js';
import { writeModelCard } from './report/write-model-card.js';
import { claimRun } from './run/claim-run.js';
import { endRun } from './run/end-run.js';
import { notify } from './run/notify.js';
import { recoverRuns } from './run/recover-runs.js';
import { recordStages } from './run/record-stages.js';
import { recordStep } from './run/record-step.js';
import { judgeSpend, raiseCaps, reserveLaunch } from './run/spend.js';
import { closeRound } from './training/close-round.js';
import { discardRound } from './training/discard-round.js';
import { followRanks } from './training/follow-ranks.js';
import type { JobFollowers } from './training/job-followers.js';
import { judgeGang } from './training/judge-gang.js';
import { openTrajectory } from './training/open-trajectory.js';
import { pickRendezvous } from './training/pick-rendezvous.js';
import { planNodeJob } from './training/plan-node-job.js';
import { setAsideCheckpoint } from './training/set-aside-checkpoint.js';
import { stageInputs } from './training/stage-inputs.js';
import { startRanks } from './training/start-ranks.js';
import { stopRanks } from './training/stop-ranks.js';
import { storeModel } from './training/store-model.js';
import type { Compute } from '../src/platform/compute/port.js';
import type { LedgerBook, WorkLog } from '../src/platform/ledger/port.js';
import type { NodeSelf } from '../src/platform/node/port.js';
import type { Notifier } from '../src/platform/notification/port.js';
import type { ObjectStore } from '../src/platform/object-store/port.js';
import type { Planner } from '../src/platform/planning/port.js';
import type { JobRunner } from '../src/platform/runner/port.js';
import type { RunDirectory } from '../src/platform/temporal/run-directory.js';
import type { RunSchedules } from '../src/platform/temporal/run-schedules.js';

export interface ControlPorts {
  store: ObjectStore;
  compute: Compute;
  ledger: LedgerBook;
  planner: Planner;
  runs: RunDirectory;
  schedules: RunSchedules;
  installation: string;
  /** Where nodes find the server. */
  server: { address: string; namespace: string };
  /** Who is told that a run has parked or ended; null: nobody. */
  notifier: Notifier | null;
  uiUrl: string | null;
}

/** Acts that need no machine of the cluster. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table is its own type, and workflows read it from here
export const createControlActivities = (ports: ControlPorts) => ({
  planRun: planRun(ports),
  planRetry: planRetry(ports),
  notify: notify(ports),
  prepareDataset: prepareDataset(ports),
  importModel: importModel(ports),
  watchNodes: watchNodes(ports),
  terminateNodes: terminateNodes(ports),
  isLeaseNeeded: isLeaseNeeded(ports),
  sweepNodes: sweepNodes(ports),
  recoverRuns: recoverRuns(ports),
  openEvaluation: openEvaluation(ports),
  scoreEvaluation: scoreEvaluation(ports),
  compareOnTest: compareOnTest(ports),
  buildReport: buildReport(ports),
  ...eachBeating({
    claimRun: claimRun(ports),
    recordStep: recordStep(ports),
    recordStages: recordStages(ports),
    endRun: endRun(ports),
    judgeSpend: judgeSpend(ports),
    reserveLaunch: reserveLaunch(ports),
    raiseCaps: raiseCaps(ports),
    planNodeJob: planNodeJob(ports),
    openTrajectory: openTrajectory(ports),
    judgeGang: judgeGang(ports),
    launchNodes: launchNodes(ports),
    setAsideCheckpoint: setAsideCheckpoint(ports),
    closeRound: closeRound(ports),
    discardRound: discardRound(ports),
    writeModelCard: writeModelCard(ports),
  }),
  ...decisions,
});
export type ControlActivities = ReturnType<typeof createControlActivities>;

export interface NodePorts {
  store: ObjectStore;
  jobs: JobRunner;
  self: NodeSelf;
  workLog: WorkLog;
  followers: JobFollowers;
}

/** Acts of one machine, taken from its own queue. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- as above
export const createNodeActivities = (ports: NodePorts) => ({
  describeNode: describeNode(ports),
  renewNode: renewNode(ports),
  stageInputs: stageInputs(ports),
  pickRendezvous: pickRendezvous(ports),
  startRanks: startRanks(ports),
  followRanks: followRanks(ports),
  stopRanks: stopRanks(ports),
  storeModel: storeModel(ports),
  storePredictions: storePredictions(ports),
});
export type NodeActivities = ReturnType<typeof createNodeActivities>;
