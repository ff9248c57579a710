import { describe, expect, test } from 'vitest';
import { endRun } from '../../../../activities/run/end-run.js';
import { recordStages } from '../../../../activities/run/record-stages.js';
import { recordStep } from '../../../../activities/run/record-step.js';
import { RunEnded } from '../../../../src/contract/run.js';
import { runKeys } from '../../../../src/domain/store-keys.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';

describe('the record of a run', () => {
  test('keeps what a step came to first: a second word on it changes nothing', async () => {
    const store = new InMemoryObjectStore();
    await recordStep({ store })({ runKey: 'k', name: 'train', value: { steps: 304 } });
    await recordStep({ store })({ runKey: 'k', name: 'train', value: { steps: 1 } });
    expect(store.needJson(runKeys.step('k', 'train'))).toEqual({ steps: 304 });
  });

  test('keeps the stages of each execution apart; a later word of one replaces its own', async () => {
    const store = new InMemoryObjectStore();
    const stage = (note: string) => ({ stage: 'plan' as const, startedAt: '2026-11-22T20:00:00.000Z', endedAt: null, note });
    await recordStages({ store })({ runKey: 'k', fence: 1, stages: [stage('first')] });
    await recordStages({ store })({ runKey: 'k', fence: 2, stages: [stage('second')] });
    await recordStages({ store })({ runKey: 'k', fence: 1, stages: [stage('first'), stage('then')] });
    expect([1, 2].map((fence) => store.needJson(runKeys.stages('k', fence)))).toEqual([
      [stage('first'), stage('then')],
      [stage('second')],
    ]);
  });

  test('says how a run ended; one that failed and was completed later is completed', async () => {
    const store = new InMemoryObjectStore();
    await endRun({ store })({ runKey: 'k', fence: 1, outcome: 'failed', message: 'memory ran out' });
    await endRun({ store })({ runKey: 'k', fence: 2, outcome: 'completed', message: 'done' });
    expect(RunEnded.parse(store.needJson(runKeys.ended('k')))).toMatchObject({ outcome: 'completed', fence: 2, message: 'done' });
  });
});
