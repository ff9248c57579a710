import type { MemoryFit, RunPlan } from '../../contract/plan.js';
import type { RunReport } from '../../contract/report.js';
import { bytes, count, counted, instant, setting } from '../format.js';
import { modelName } from '../model-name.js';
import type { Block, Section, Table } from '../report-document.js';

export function plan({ plan: made, planChanges }: RunReport): Section {
  const { model, training, cluster, evaluation } = made;
  const batchRows = training.microBatchRows * training.accumulationSteps * cluster.worldSize;
  return {
    id: 'plan',
    title: 'Plan and memory',
    blocks: [
      {
        kind: 'facts',
        items: [
          {
            term: 'Model',
            value: `${modelName(model)}: ${counted(model.shape.parameters, 'parameter')}, all of them trained; ${counted(model.shape.layers, 'layer')} of width ${count(model.shape.hiddenSize)}, vocabulary ${count(model.shape.vocabularySize)}, context up to ${counted(model.shape.maxPositions, 'token')}`,
          },
          ...(model.source.kind === 'directory' ? [{ term: 'Weights from', value: [{ code: model.source.path }] }] : []),
          {
            term: 'Training',
            value: `${counted(training.epochs, 'epoch')}, AdamW, learning rate ${setting(training.learningRate)} (${training.schedule}, warm-up ${count(training.warmupShare * 100)} % of the steps), weight decay ${setting(training.weightDecay)}, gradients clipped at ${setting(training.gradientClipping)}, ${training.precision}, seed ${training.seed}`,
          },
          {
            term: 'Batch',
            value: `${counted(batchRows, 'packed row')} of ${counted(training.contextTokens, 'token')}: ${count(training.microBatchRows)} a forward pass x ${counted(training.accumulationSteps, 'pass', 'passes')} x ${counted(cluster.worldSize, 'rank')}`,
          },
          {
            term: 'Cluster',
            value: `${cluster.provider}: ${counted(cluster.nodes, 'node')} with ${counted(cluster.ranksPerNode, 'rank')} each on ${cluster.device}, ${counted(cluster.threadsPerRank, 'thread')} a rank, ZeRO stage ${training.zeroStage}, activation checkpointing ${training.activationCheckpointing ? 'on' : 'off'}`,
          },
          {
            term: 'Checkpoints',
            value: `every ${counted(training.checkpointEverySteps, 'step')}, the newest ${count(training.keepCheckpoints)} kept`,
          },
          {
            term: 'Choice of the epoch',
            value: `the last ${counted(evaluation.lastEpochs, 'epoch')} on ${evaluation.validationItems === null ? 'all' : count(evaluation.validationItems)} validation items`,
          },
          { term: 'Deadline', value: counted(made.deadlineMinutes, 'minute') },
        ],
      },
      ...changes(planChanges),
      memory(made.memory, cluster.memoryBytesPerRank),
    ],
  };
}

/** What was used in the end stands above; this is how it came to differ from what was planned. */
function changes(made: RunReport['planChanges']): Block[] {
  if (made.length === 0) return [];
  return [
    {
      kind: 'table',
      caption: 'Numbers of the plan that were changed while the run went on; the plan above is the one last used',
      columns: [
        { name: 'Number' },
        { name: 'Before', numeric: true },
        { name: 'After', numeric: true },
        { name: 'Changed' },
        { name: 'Why' },
      ],
      rows: made.map(({ at, field, from, to, kind, byPerson }) => [
        [{ code: field }],
        from,
        to,
        instant(at),
        byPerson ? `set by a person after ${kind}` : `${kind}, by its policy`,
      ]),
    },
  ];
}

/** Bytes of one rank for each way that the planner tried, in its order. */
function memory({ chosen, considered }: RunPlan['memory'], perRank: number): Table {
  const isChosen = (fit: MemoryFit): boolean =>
    fit.zeroStage === chosen.zeroStage &&
    fit.activationCheckpointing === chosen.activationCheckpointing &&
    fit.microBatchRows === chosen.microBatchRows;
  const ways = considered.some(isChosen) ? considered : [...considered, chosen];
  return {
    kind: 'table',
    caption: `Memory that a rank needs, of ${bytes(perRank)}, in each way that was considered`,
    columns: [
      { name: 'Sharding' },
      { name: 'Activation checkpointing' },
      { name: 'Rows a pass', numeric: true },
      { name: 'States', numeric: true },
      { name: 'Gathered layers', numeric: true },
      { name: 'Activations', numeric: true },
      { name: 'At the step', numeric: true },
      { name: 'Peak', numeric: true },
      { name: 'Budget', numeric: true },
      { name: 'Fits' },
    ],
    rows: ways.map((fit) => [
      isChosen(fit) ? [{ strong: `ZeRO-${fit.zeroStage}, chosen` }] : `ZeRO-${fit.zeroStage}`,
      fit.activationCheckpointing ? 'on' : 'off',
      count(fit.microBatchRows),
      bytes(fit.stateBytes),
      bytes(fit.gatheredBytes),
      bytes(fit.activationBytes),
      bytes(fit.stepBytes),
      bytes(fit.peakBytes),
      bytes(fit.budgetBytes),
      fit.fits ? 'yes' : 'no',
    ]),
    marked: ways.findIndex(isChosen),
  };
}
