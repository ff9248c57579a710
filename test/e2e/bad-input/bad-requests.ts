import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BadCommand, BadRequest } from './bad-input.js';

const INVALID = { kind: 'InvalidRequest', exit: 2 } as const;

/** A run of all defaults is in the store under this key before the cases begin. */
export const TAKEN_RUN_KEY = 'taken';

export const badRequests: readonly BadRequest[] = [
  {
    ...INVALID,
    title: 'an unknown key is refused with the nearest known one',
    request: () => ({ training: { epoch: 3 } }),
    says: ['the request has a problem:', '- training.epoch: unknown field', 'nearest known one is epochs', 'known here: epochs, '],
  },
  {
    ...INVALID,
    title: 'a text for a number is refused with what was expected and what came',
    request: () => ({ training: { epochs: 'six' } }),
    says: ['- training.epochs: expected "auto", or a number, got "six" (passes over the training rows'],
  },
  {
    ...INVALID,
    title: 'several impossible values are all told at once',
    request: () => ({ training: { epochs: 0, learningRate: -1, zeroStage: 4 }, cluster: { nodes: 1.5 }, task: 'chess' }),
    says: [
      'the request has 5 problems:',
      '- task: expected "viggo", got "chess"',
      '- training.epochs: expected at least 1, got 0',
      '- training.learningRate: expected more than 0, got -1',
      '- training.zeroStage: expected at most 3, got 4',
      '- cluster.nodes: expected a whole number, got 1.5',
    ],
  },
  {
    ...INVALID,
    title: 'a list instead of a request is refused',
    request: () => [{ training: { epochs: 2 } }],
    says: ['- the request: expected an object, got [{"training":{"epochs":2}}]'],
  },
  {
    ...INVALID,
    title: 'a context that is longer than the positions of the built-in model is refused with both numbers',
    request: () => ({ training: { contextTokens: 1024 } }),
    says: ['- training.contextTokens: expected at most 512, the positions of tiny, got 1024'],
  },
  {
    ...INVALID,
    title: 'micro-batches that do not divide the batch are refused with the number to divide',
    request: () => ({ training: { microBatchRows: 7 } }),
    says: ['- training.microBatchRows: expected a divisor of 8, the rows of 256 tokens', 'in a batch of 4096 tokens, got 7'],
  },
  {
    ...INVALID,
    title: 'limits that no machine can keep, or nobody would see the end of, are refused with the nearest that can be',
    request: () => ({
      cluster: { leaseMinutes: 4 },
      limits: { setupSeconds: 86_401, stepSeconds: 9, checkpointSeconds: 'long', epochSeconds: 60 },
    }),
    says: [
      'the request has 5 problems:',
      '- cluster.leaseMinutes: expected at least 5, got 4',
      '- limits.setupSeconds: expected at most 86400, got 86401',
      '- limits.stepSeconds: expected at least 10, got 9',
      '- limits.checkpointSeconds: expected "auto", or a number, got "long"',
      '- limits.epochSeconds: unknown field',
    ],
  },
  {
    ...INVALID,
    title: 'a model that nobody knows is refused with the forms that are known',
    request: () => ({ model: 'gpt-9' }),
    says: ['- model: expected tiny, path:<directory>, or to plan only one of llama-2-7b', 'got "gpt-9"'],
  },
  {
    ...INVALID,
    title: 'more ranks than GPUs are refused with both numbers',
    request: () => ({ cluster: { nodes: 64, ranksPerNode: 16, accelerator: 'gpu-80gb' } }),
    says: ['- cluster.accelerator: 1024 ranks on the local provider need as many GPUs; this machine has '],
  },
  {
    ...INVALID,
    title: 'a run key that belongs to another request is refused with the fields that differ',
    request: () => ({ runKey: TAKEN_RUN_KEY, training: { epochs: 3 } }),
    says: [`run key ${TAKEN_RUN_KEY} belongs to another request`, 'differ in training.epochs', 'choose another run key'],
  },
];

/** What is wrong before there is a request: the Web UI's form has no files and no options. */
export const badRequestFiles: readonly BadCommand[] = [
  {
    ...INVALID,
    title: 'a request file that is not there is refused by its name',
    command: () => ({ args: ['run', 'nowhere.json'] }),
    says: ['nowhere.json cannot be read (ENOENT); give the path of a JSON file'],
  },
  {
    ...INVALID,
    title: 'an empty request file is refused by its name',
    command: (folder) => ({ args: ['run', fileWith(folder, '')] }),
    says: ['request.json is not JSON', 'correct it there'],
  },
  {
    ...INVALID,
    title: 'a request file that breaks off is refused with the place',
    command: (folder) => ({ args: ['run', fileWith(folder, '{"training": {"epochs": 4}')] }),
    says: ['request.json is not JSON', 'position 26', 'correct it there'],
  },
  {
    ...INVALID,
    title: 'an option without a value is refused with an example',
    command: () => ({ args: ['run', '--set', 'training.epochs'] }),
    says: ['--set training.epochs: expected path=value, e.g. training.epochs=4'],
  },
];

function fileWith(folder: string, text: string): string {
  const path = join(folder, 'request.json');
  writeFileSync(path, text);
  return path;
}
