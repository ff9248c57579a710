import { Command } from 'commander';
import type { RunPlan } from '../../contract/plan.js';
import { memorySum } from '../../domain/plan.js';
import { requestPlanner } from '../request-planner.js';
import { readRequest, requestOptions, type RequestOptions } from '../read-request.js';

export const planCommand = (): Command =>
  requestOptions(new Command('plan'))
    .description('show the resolved plan and the memory sums; nothing is started')
    .argument('[request.json]', 'the request; without one, all defaults')
    .option('--json', 'the whole plan as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  formwork plan --set model=llama-2-7b --set cluster.accelerator=gpu-80gb --set cluster.ranksPerNode=8 --set cluster.nodes=1\n',
    )
    .action(async (file: string | undefined, options: RequestOptions & { json?: boolean }) => {
      const plan = await requestPlanner().plan(await readRequest(file, options), 'show');
      process.stdout.write(options.json === true ? `${JSON.stringify(plan, null, 2)}\n` : `${describe(plan).join('\n')}\n`);
    });

function describe({ model, training, cluster, memory, evaluation }: RunPlan): string[] {
  const rows = training.microBatchRows * training.accumulationSteps * cluster.worldSize;
  return [
    `model     ${model.name}, ${(model.shape.parameters / 1e9).toPrecision(3)} billion parameters, ${model.shape.maxPositions} positions`,
    `cluster   ${cluster.nodes} x ${cluster.ranksPerNode} ranks on ${cluster.provider}, ${cluster.device}, ${gigabytes(cluster.memoryBytesPerRank)} a rank`,
    `batch     ${rows} packed rows of ${training.contextTokens} tokens: ${training.microBatchRows} rows x ${training.accumulationSteps} passes x ${cluster.worldSize} ranks`,
    `training  ${training.epochs} epochs, learning rate ${training.learningRate} (${training.schedule}), ${training.precision}, a checkpoint every ${training.checkpointEverySteps} steps`,
    `evaluate  the last ${evaluation.lastEpochs} epochs on validation, the chosen one on test`,
    `memory    fits: ${memorySum(memory.chosen)} of ${gigabytes(memory.chosen.budgetBytes)}${memory.chosen.activationCheckpointing ? ', activations recomputed' : ''}`,
    ...memory.considered.filter((fit) => !fit.fits).map((fit) => `          not ZeRO-${fit.zeroStage}: ${memorySum(fit)}`),
  ];
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
