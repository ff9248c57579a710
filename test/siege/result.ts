import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { STAGES } from '../../src/contract/kinds.js';
import { sharedMachine, SharedMachine } from '../fixtures/measuring-machine.js';
import { packageFile } from '../../src/platform/package-root.js';

/** What docs/durability.md shows of the newest whole sieges. */
const FILE = packageFile('test', 'siege', 'results.json');

const StruckFault = z.strictObject({
  name: z.string(),
  stage: z.enum(STAGES).describe('whose result had yet to be kept'),
  step: z.int().nullable().describe('that training had come to; null: it was not waited for'),
  execution: z.int().describe('fence of the owner by then'),
  what: z.string().describe('what was done exactly: which rank, which file'),
  seconds: z.number().describe('since the start of the first execution'),
  struckAt: z.iso.datetime(),
  overAt: z.iso.datetime(),
  failures: z.array(z.string()).describe("what gangs and jobs failed of until the next fault, by the run's record"),
  hitsWorkers: z.boolean(),
  contactAfter: z.number().nullable().describe('seconds from its end until every worker that it hit polled or beat again'),
  goesOnAfter: z.number().describe('seconds from its end until the run went on'),
  startedAgainAfter: z.string().nullable().describe('how the execution had ended, by the record of the recovery; null: it had not'),
});
export type StruckFault = z.infer<typeof StruckFault>;

const stamp = {
  at: z.iso.datetime(),
  seed: z.int(),
  machine: SharedMachine,
};

/** Of a run that is done, so much that two can be held against each other by eye. */
const RunDigest = z.strictObject({
  seconds: z.int().describe('from the claim of the first execution to the end of the last'),
  executions: z.int(),
  gangs: z.int().describe('trajectories of its training'),
  steps: z.int(),
  stepsRedone: z.int(),
  chosenEpoch: z.int(),
  weightsSha256: z.string().describe('of the chosen epoch'),
  lossesSha256: z.string().describe('of the exact losses of every step and rank along the line of descent'),
  modelSha256: z.string().describe('of the published model.safetensors'),
  answersSha256: z.string().describe('of all predictions on the test split'),
});
export type RunDigest = z.infer<typeof RunDigest>;

const ViggoResult = z.strictObject({
  ...stamp,
  unbroken: RunDigest,
  sieged: RunDigest,
  faults: z.array(StruckFault),
  problems: z.array(z.string()).describe('what is not as it has to be'),
});
export type ViggoResult = z.infer<typeof ViggoResult>;

const milliseconds = z.int().min(0);

/** Milliseconds of nodes that a fault has cost, each once. */
export const FaultCost = z.strictObject({
  lost: milliseconds.describe('steps before it that were done again'),
  noticing: milliseconds.describe('from the fault to the end of the ranks: steps that were done again, or none'),
  python: milliseconds.describe('start of the interpreter, and imports'),
  engine: milliseconds.describe('rows, model, DeepSpeed'),
  restore: milliseconds.describe('reading of the checkpoint'),
  waiting: milliseconds.describe('everything else: decisions, machines, bringing of inputs, waiting for others'),
});
export type FaultCost = z.infer<typeof FaultCost>;

const GoodputResult = z.strictObject({
  ...stamp,
  steps: z.int(),
  seconds: z.number().describe('from the first step to the last'),
  outageSeconds: z.int(),
  checkpointEverySteps: z.int(),
  stepSeconds: z.number().describe('without a step after which a gang counts as hung'),
  milliseconds: milliseconds.describe('of nodes, from the first step to the last'),
  kept: milliseconds.describe('of training that is in the line of the weights'),
  ordinary: z.record(z.string(), milliseconds).describe('what no fault has cost, by the names of the ledger'),
  costs: z.array(FaultCost).describe('of each fault, in order'),
  faults: z.array(StruckFault),
  problems: z.array(z.string()),
});
export type GoodputResult = z.infer<typeof GoodputResult>;

const Results = z.strictObject({ viggo: ViggoResult.nullable(), goodput: GoodputResult.nullable() });
export type SiegeResults = z.infer<typeof Results>;

export function readSiegeResults(): SiegeResults {
  return existsSync(FILE) ? Results.parse(JSON.parse(readFileSync(FILE, 'utf8'))) : { viggo: null, goodput: null };
}

/** The other one stays as it is. */
export function keepSiegeResult(part: Partial<SiegeResults>): void {
  writeFileSync(FILE, `${JSON.stringify(Results.parse({ ...readSiegeResults(), ...part }), null, 2)}\n`);
}

export function stampOf(seed: number): Pick<ViggoResult, 'at' | 'seed' | 'machine'> {
  return { at: new Date().toISOString(), seed, machine: sharedMachine() };
}
