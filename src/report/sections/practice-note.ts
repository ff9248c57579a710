import type { RunPlan } from '../../contract/plan.js';
import { count } from '../format.js';
import { modelName } from '../model-name.js';
import type { Block } from '../report-document.js';

/** Says what a number on practice data is worth; nothing for data that came from outside. */
export function practiceNote({ data, model }: RunPlan): Block[] {
  if (data.kind !== 'practice') return [];
  const rows = "The rows are practice data: sentences and answers that formwork's own grammar made from a seed.";
  const size = `${count(model.shape.parameters)} parameters`;
  if (model.source.kind !== 'tiny') {
    return [
      {
        kind: 'note',
        title: 'Practice data',
        text: `${rows} What ${modelName(model)} (${size}) scores on them proves the machinery, not language skill.`,
      },
    ];
  }
  return [
    {
      kind: 'note',
      title: 'Practice data, toy-sized model',
      text: `${rows} The model is a toy of ${size} that began with random weights. Together they prove that the machinery works, from preparation to this page; they say nothing about language skill.`,
    },
  ];
}
