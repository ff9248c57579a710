import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { execa } from 'execa';
import { GeneratedPrediction } from '../../contract/score.js';
import type { GeneratePlan } from '../../contract/runner-plan.js';
import { Failure } from '../../domain/failures.js';
import { MANIFEST, runKeys } from '../../domain/store-keys.js';
import { packageFile } from '../../platform/package-root.js';
import { checkPythonEnvironment, findPythonEnvironment } from '../../platform/python/python-environment.js';
import { renderRow, SPECIAL_TOKENS, STOP_TOKEN } from '../../tasks/render-row.js';
import { CliContext } from '../context.js';

/** Longer than any answer of the built-in task. */
const MAX_NEW_TOKENS = 256;

export const tryCommand = (): Command =>
  new Command('try')
    .description('ask the tuned model of a run')
    .argument('<key>', 'run key')
    .argument('<sentence>', 'what to ask')
    .addHelpText('after', '\nExample:\n  formwork try viggo-4 "Do you like racing games for the PC?"\n')
    .action(async (runKey: string, sentence: string) => {
      const context = await CliContext.open();
      const model = runKeys.model(runKey);
      if ((await context.store.get(`${model}/${MANIFEST}`)) === null) {
        throw new Failure('InvalidRequest', `run ${runKey} has no published model; formwork list shows how far it is`);
      }
      process.stdout.write(`${await ask(await findPython(context), join(context.home.store(), model), sentence)}\n`);
    });

async function findPython(context: CliContext): Promise<string> {
  const python = context.environment.python ?? (await findPythonEnvironment(context.home));
  if (python === null) throw new Failure('EnvironmentNotReady', 'there is no Python environment yet; npm start makes one');
  await checkPythonEnvironment(python);
  return python;
}

async function ask(python: string, model: string, sentence: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'formwork-try-'));
  try {
    const plan: GeneratePlan = {
      command: 'generate',
      seed: 0,
      models: [{ name: 'tuned', path: model, special_tokens: [...SPECIAL_TOKENS], stop_token: STOP_TOKEN }],
      items: join(folder, 'items.jsonl'),
      shard: { index: 0, count: 1 },
      predictions: join(folder, 'predictions.jsonl'),
      max_new_tokens: MAX_NEW_TOKENS,
      batch_items: 1,
      sampling: null,
      precision: 'fp32',
      device: 'cpu',
    };
    const { prompt } = renderRow({ id: '1', input: sentence, target: '' });
    await writeFile(plan.items, `${JSON.stringify({ id: '1', prompt })}\n`);
    await writeFile(join(folder, 'plan.json'), JSON.stringify(plan));
    const args = ['-m', 'gpu_runner', 'generate', '--plan', join(folder, 'plan.json'), '--events', join(folder, 'events.jsonl')];
    const env = { PYTHONPATH: packageFile('gpu-runner'), DS_ACCELERATOR: 'cpu', HF_HUB_OFFLINE: '1' };
    const result = await execa(python, args, { env, reject: false });
    if (result.exitCode !== 0)
      throw new Failure('RunnerCrashed', `the model did not answer: ${result.stderr.trim().split('\n').at(-1) ?? ''}`);
    const [line] = (await readFile(plan.predictions, 'utf8')).split('\n');
    return GeneratedPrediction.parse(JSON.parse(line as string)).prediction;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
