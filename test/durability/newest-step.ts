import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { JobFolder } from '../../src/platform/runner/job-folder.js';

/** The newest step that a rank has told of in this trajectory, on whatever node; 0 before the first. */
export async function newestStep(nodes: string, trajectory: number, rank: number): Promise<number> {
  const folders = existsSync(nodes) ? readdirSync(nodes) : [];
  const jobs = folders.map((node) => new JobFolder(join(nodes, node, 'work'), `round-0-t${trajectory}`));
  return Math.max(0, ...(await Promise.all(jobs.map((job) => job.newestStep(rank)))));
}
