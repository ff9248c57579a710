import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../../src/contract/report.js';
import { renderHtml } from '../../../src/report/render-html.js';
import { renderMarkdown } from '../../../src/report/render-markdown.js';
import { runReport } from '../../fixtures/run-report.js';
import { textOf, withoutEscapes } from './text-of.js';

const both = async (overrides: Partial<RunReport>): Promise<string[]> => {
  const report = runReport(overrides);
  return [textOf(await renderHtml(report)), withoutEscapes(renderMarkdown(report))];
};

const { epochs, story, trajectories, plan, nodes } = runReport();

describe('a record without one of its parts', () => {
  it('says of validation loss that it was not measured, and draws training loss alone', async () => {
    const report = runReport({ epochs: epochs.map((epoch) => ({ ...epoch, validationLoss: null })) });
    const html = await renderHtml(report);
    expect(textOf(html)).toContain('not measured');
    expect(textOf(html)).toContain('Training loss went from 7.310 at step 1 to');
    expect(html.match(/<svg\s+class="wide"/g)).toHaveLength(4);
  });

  it('has no accuracy chart where no epoch was a candidate', async () => {
    const html = await renderHtml(runReport({ epochs: epochs.map((epoch) => ({ ...epoch, accuracy: null, chosen: false })) }));
    expect(html.match(/<svg\s+class="wide"/g)).toHaveLength(3);
    expect(textOf(html)).not.toContain('chosen: ');
  });

  it('has no loss chart where no step was recorded', async () => {
    const html = await renderHtml(runReport({ loss: [] }));
    expect(html.match(/<svg\s+class="wide"/g)).toHaveLength(3);
    expect(textOf(html)).toContain('not recorded');
  });

  it('tells of resumes only where there was one', async () => {
    for (const text of await both({})) expect(text).not.toContain('Resumes');
    const [first] = trajectories;
    if (first === undefined) throw new Error('the fixture has no trajectory');
    const second = {
      trajectory: 1,
      fence: 2,
      forkedFrom: 'trajectory 0, step 100',
      passedOver: ['trajectory 0, step 150: it has no manifest'],
      openedAt: '2026-11-22T21:00:00.000Z',
    };
    for (const text of await both({ trajectories: [first, second] })) {
      expect(text).toContain('started 2 times');
      expect(text).toContain('trajectory 0, step 100');
      expect(text).toContain('2026-11-22 21:00:00 UTC');
    }
  });

  it('tells of starts and failures on the way only where there was one after the first', async () => {
    for (const text of await both({})) expect(text).not.toContain('On the way');
    const killed = { at: '2026-11-22T20:50:00.000Z', fence: 1, what: 'round 0: RankKilled (1 of 32): rank 1; formed again' };
    const again = { at: '2026-11-22T21:00:00.000Z', fence: 2, what: 'started again without a person, start 1, after Unreachable' };
    for (const text of await both({ story: [...story, killed, again] })) {
      expect(text).toContain('What happened to the run, in 2 executions');
      expect(text).toContain('2026-11-22 20:50:00 UTC');
      expect(text).toContain('rank 1; formed again');
      expect(text).toContain('start 1, after Unreachable');
    }
  });

  it('tells of numbers of the plan that were changed, with what they were before, only where there are some', async () => {
    for (const text of await both({})) expect(text).not.toContain('Numbers of the plan');
    const at = '2026-11-22T20:50:00.000Z';
    const halved = { at, field: 'training.microBatchRows', from: '16', to: '8', kind: 'OutOfMemory' as const, byPerson: false };
    const slower = { at, field: 'training.learningRate', from: '0.004', to: '0.001', kind: 'Diverged' as const, byPerson: true };
    for (const text of await both({ planChanges: [halved, slower] })) {
      expect(text).toContain('training.microBatchRows');
      expect(text).toContain('OutOfMemory, by its policy');
      expect(text).toContain('set by a person after Diverged');
    }
  });

  it('says nothing of the cost of checkpoints where none was uploaded, and that none gave way where it is so', async () => {
    for (const text of await both({ uploads: [] })) expect(text).not.toContain('durable checkpoints');
    const uploads = runReport().uploads.map((cost) => ({ ...cost, passedOver: 0 }));
    for (const text of await both({ uploads })) expect(text).toContain('No checkpoint had to give way');
  });

  it('renders with every list empty', async () => {
    const texts = await both({
      parts: [],
      tables: [],
      wrongAnswers: [],
      epochs: [],
      loss: [],
      planChanges: [],
      trajectories: [],
      uploads: [],
      lengths: [],
      counts: [],
      stages: [],
      nodes: [],
    });
    for (const text of texts) {
      expect(text).toContain('94.2 % [91.8, 96.0]');
      expect(text).toContain('The record holds no wrong answer on test.');
      expect(text).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('renders a loss of 0, which has no place on a logarithmic axis', async () => {
    const loss = runReport().loss.map((point) => ({ ...point, loss: 0 }));
    const html = await renderHtml(runReport({ loss, epochs: [] }));
    expect(html).toContain('nats per target token</text>');
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('says nothing of practice data where the rows came from files, and names the files', async () => {
    const data = {
      kind: 'files' as const,
      train: '/data/train.csv',
      validation: null,
      test: '/data/test.csv',
      mapping: { input: 'ref', target: 'mr', id: null },
      heldOutShare: 0.1,
      seed: 3,
    };
    for (const text of await both({ plan: { ...plan, data } })) {
      expect(text).not.toContain('Practice data');
      expect(text).toContain('/data/train.csv');
      expect(text).toContain('10.0 % of the training groups, held out with seed 3');
    }
  });

  it('calls a model from a directory by the last part of its path and not a toy', async () => {
    const model = { ...plan.model, name: 'path:models/llama', source: { kind: 'directory' as const, path: '/data/models/llama/' } };
    for (const text of await both({ plan: { ...plan, model } })) {
      expect(text).toContain('Fine-tuning raised llama from');
      expect(text).toContain('/data/models/llama/');
      expect(text).toContain('Practice data.');
      expect(text).not.toContain('toy');
    }
  });

  it('gives each node a column where their packages differ', async () => {
    const [first, second] = nodes;
    if (first === undefined || second === undefined) throw new Error('the fixture has fewer than two nodes');
    const other = { ...second, packages: { ...second.packages, torch: '2.14.1' } };
    for (const text of await both({ nodes: [first, other] })) {
      expect(text).toContain('which differ between nodes');
      expect(text).toContain('2.14.1');
    }
  });
});
