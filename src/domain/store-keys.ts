// Where things lie in the object store. A thing exists when its manifest does; the manifest is written last.

const run = (runKey: string): string => `runs/${runKey}`;

export const runKeys = {
  root: run,
  request: (runKey: string): string => `${run(runKey)}/request.json`,
  owners: (runKey: string): string => `${run(runKey)}/owners/`,
  owner: (runKey: string, fence: number): string => `${run(runKey)}/owners/${fence}.json`,
  plans: (runKey: string): string => `${run(runKey)}/plan/`,
  plan: (runKey: string, fence: number): string => `${run(runKey)}/plan/${fence}.json`,
  recoveries: (runKey: string): string => `${run(runKey)}/recoveries/`,
  recovery: (runKey: string, n: number): string => `${run(runKey)}/recoveries/${n}.json`,
  takeOvers: (runKey: string): string => `${run(runKey)}/take-overs/`,
  takeOver: (runKey: string, fence: number): string => `${run(runKey)}/take-overs/${fence}.json`,
  ended: (runKey: string): string => `${run(runKey)}/ended.json`,
  stages: (runKey: string, fence: number): string => `${run(runKey)}/stages/${fence}.json`,
  incidents: (runKey: string): string => `${run(runKey)}/incidents/`,
  /** Eight digits, so that names sort as numbers do. */
  incident: (runKey: string, n: number): string => `${run(runKey)}/incidents/${String(n).padStart(8, '0')}.json`,
  step: (runKey: string, name: string): string => `${run(runKey)}/steps/${name}.json`,
  /** By fence: a later execution does a job of the same name again, and its logs are not those of the first. */
  job: (runKey: string, fence: number, jobId: string): string => `${run(runKey)}/jobs/${fence}/${jobId}`,
  round: (runKey: string, round: string): string => `${run(runKey)}/rounds/${round}`,
  evaluation: (runKey: string, id: string): string => `${run(runKey)}/evaluations/${id}`,
  ledger: (runKey: string): string => `${run(runKey)}/ledger/`,
  stageEnd: (runKey: string, stage: string): string => `${run(runKey)}/ledger/stages/${stage}.json`,
  report: (runKey: string): string => `${run(runKey)}/report`,
  model: (runKey: string): string => `${run(runKey)}/model`,
};

/** What is known of the life of one machine, below the ledger of its run. */
export const nodeLedgerKeys = {
  all: (runKey: string): string => `${runKeys.ledger(runKey)}nodes/`,
  launched: (runKey: string, nodeId: string): string => `${nodeLedgerKeys.all(runKey)}${nodeId}/launched.json`,
  ended: (runKey: string, nodeId: string): string => `${nodeLedgerKeys.all(runKey)}${nodeId}/ended.json`,
  renewed: (runKey: string, nodeId: string): string => `${nodeLedgerKeys.all(runKey)}${nodeId}/renewed.json`,
  ready: (runKey: string, nodeId: string): string => `${nodeLedgerKeys.all(runKey)}${nodeId}/ready.json`,
  /** By when it began, milliseconds since 1970: each time that inputs were brought is a record of its own. */
  staging: (runKey: string, nodeId: string, began: number): string =>
    `${nodeLedgerKeys.all(runKey)}${nodeId}/staging/${began}.json`,
  jobStarted: (runKey: string, nodeId: string, jobId: string): string =>
    `${nodeLedgerKeys.all(runKey)}${nodeId}/jobs/${jobId}/started.json`,
  jobSeen: (runKey: string, nodeId: string, jobId: string): string =>
    `${nodeLedgerKeys.all(runKey)}${nodeId}/jobs/${jobId}/seen.json`,
  jobEnded: (runKey: string, nodeId: string, jobId: string): string =>
    `${nodeLedgerKeys.all(runKey)}${nodeId}/jobs/${jobId}/ended.json`,
};

export const trajectoryKeys = {
  all: (round: string): string => `${round}/trajectories/`,
  record: (round: string, trajectory: number): string => `${round}/trajectories/${trajectory}.json`,
  root: (round: string, trajectory: number): string => `${round}/trajectories/${trajectory}`,
  roundOf: (trajectory: string): string => trajectory.replace(/\/trajectories\/\d+$/, ''),
  checkpoints: (trajectory: string): string => `${trajectory}/checkpoints/`,
  checkpoint: (trajectory: string, step: number): string => `${trajectory}/checkpoints/${stepFolder(step)}`,
  upload: (node: string, step: number): string => `${node}/uploads/${stepFolder(step)}.json`,
  snapshots: (trajectory: string): string => `${trajectory}/epochs/`,
  snapshot: (trajectory: string, epoch: number): string => `${trajectory}/epochs/${epochFolder(epoch)}`,
};

export const contentKeys = {
  dataset: (id: string): string => `datasets/${id}`,
  model: (id: string): string => `models/${id}`,
};

export const MANIFEST = 'manifest.json';

/** A checkpoint that was found bad gets this beside its manifest; its files stay for whoever wants to know why. */
export const SET_ASIDE = 'set-aside.json';

/** Beside the manifest of an epoch whose weights a prune has removed; the manifest stays, since the report reads it. */
export const PRUNED = 'pruned.json';

/** In a run, a dataset or a model that a prune is about to remove, wholly or in part. */
export const PRUNE_MARK = 'pruning.json';

/** Eight digits, so that names sort as numbers do: step 900 before step 1000. */
export const stepFolder = (step: number): string => `step-${String(step).padStart(8, '0')}`;
export const epochFolder = (epoch: number): string => `epoch-${String(epoch).padStart(4, '0')}`;
