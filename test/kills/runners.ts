import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RankLimits } from '../../src/contract/plan.js';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { packageFile } from '../../src/platform/package-root.js';
import { shortRequest } from '../e2e/short-request.js';

/** What ranks run on, and a round of it that is short and has all parts: steps, checkpoints, weights of epochs. */
export interface Runner {
  name: 'stand-in' | 'deepspeed';
  /** The Python of ranks; may write a file below `folder`. */
  python: (folder: string) => string;
  request: (folder: string) => FineTuningRequestInput;
  limits: RankLimits;
  /** Of the whole command. */
  seeds: number;
  /** Runs at once on two cores. */
  lanes: number;
  /** A round takes seconds, and each blow at most a minute; one that is still open after this is not going to end. */
  patienceMs: number;
}

/**
 * 60 steps of 0.11 s with a checkpoint every 10, whose shards take 80 ms to write: about as long as their uploads, so that a random
 * moment is one of computing, writing and uploading alike.
 */
const BEHAVIOUR = { stepMs: 110, stepsPerEpoch: 20, shardBytes: 512 * 1024 };

const standIn: Runner = {
  name: 'stand-in',
  python: (folder) => {
    const path = join(folder, 'python');
    // Ranks inherit a few variables only, so what it is told is told here.
    const program = `exec '${process.execPath}' '${packageFile('test', 'stand-ins', 'gpu-runner.mjs')}' "$@"`;
    writeFileSync(path, `#!/bin/sh\nSTAND_IN='${JSON.stringify(BEHAVIOUR)}' ${program}\n`);
    chmodSync(path, 0o755);
    return path;
  },
  request: shortRequest,
  // A rank is there in a tenth of a second. Eight for a step: a pause may be longer, which is a hang, or shorter, which is none.
  limits: { setupSeconds: 30, stepSeconds: 8, checkpointSeconds: 15 },
  seeds: 300,
  lanes: 6,
  patienceMs: 4 * 60_000,
};

const deepspeed: Runner = {
  name: 'deepspeed',
  python: () => process.env['FORMWORK_PYTHON'] ?? 'python3',
  request: shortRequest,
  // Imports take 20 s on two busy cores, and more beside another gang.
  limits: { setupSeconds: 300, stepSeconds: 30, checkpointSeconds: 60 },
  seeds: 25,
  lanes: 2,
  patienceMs: 10 * 60_000,
};

export const RUNNERS: readonly Runner[] = [standIn, deepspeed];

export function runnerNamed(name: string): Runner {
  const found = RUNNERS.find((runner) => runner.name === name);
  if (found === undefined) throw new Error(`no such runner: ${name}; there are ${RUNNERS.map((one) => one.name).join(', ')}`);
  return found;
}
