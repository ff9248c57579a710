import { readFileSync } from 'node:fs';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { packageFile } from '../../src/platform/package-root.js';
import { shortRequest } from '../e2e/short-request.js';

/** What is asked of the run beside the request, none of it arithmetic: the shortest pause before a start without a person, also after Terminate. */
const recovery = { attempts: 3, waitMinutes: 1, afterTerminate: true };
/** A batch of predictions takes seconds, on cores that others use as well half a minute; the default waits two minutes for a hang. */
const limits = { stepSeconds: 60 };

/** examples/viggo.json, with the folder that has the data set. */
export const viggoRequest = (data: string): FineTuningRequestInput => {
  const text = readFileSync(packageFile('examples', 'viggo.json'), 'utf8').replaceAll('file:viggo/', `file:${data}/`);
  return { ...(JSON.parse(text) as FineTuningRequestInput), recovery, limits };
};

/** The same chain in a minute, for trying the siege itself out. */
export const shortSiegeRequest = (folder: string): FineTuningRequestInput => {
  const request = shortRequest(folder, { train: 1200, validation: 96, test: 96 });
  return { ...request, training: { ...request.training, checkpointEverySteps: 10 }, recovery, limits: { stepSeconds: 20 } };
};
