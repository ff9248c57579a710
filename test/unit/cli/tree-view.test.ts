import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TreeView } from '../../../src/cli/tree-view.js';
import { STAGES } from '../../../src/contract/kinds.js';
import { failure, parked, runView, stage, steps } from './run-views.js';

let written: string;
beforeEach(() => {
  written = '';
  const take = (chunk: string | Uint8Array): boolean => {
    written += stripVTControlCharacters(chunk.toString());
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(take);
  vi.spyOn(process.stderr, 'write').mockImplementation(take);
});
afterEach(() => {
  vi.restoreAllMocks();
});

test('a run that has ended shows each stage with its time and what came of it', async () => {
  const view = new TreeView();
  view.show(runView(STAGES.map((name, index) => stage(name, index, index + 1, `${name} is done`))));
  await view.close();
  for (const name of STAGES) expect(written).toMatch(new RegExp(`${name} +1\\.0 s {2}${name} is done`));
});

test('the stage that runs shows its progress, and the last failure beside it', async () => {
  const view = new TreeView();
  const look = runView([stage('plan', 0, 1, 'planned')], {
    stage: 'prepare',
    waitingFor: 'the data',
    live: steps(120, 0.5),
    lastFailure: failure('NodeLost', 'node 1 is gone', 0),
  });
  // A stage is drawn once the one before has ended.
  await vi.waitFor(() => {
    view.show(look);
    expect(written).toContain('120/300 steps, loss 0.500');
  });
  expect(written).toContain('NodeLost: node 1 is gone');
  await view.close();
});

test('what did not come to its turn is left by its name', async () => {
  const view = new TreeView();
  view.show(runView([stage('plan', 0, 1, 'planned')]));
  await view.close();
  expect(written).toMatch(/✔ plan +1\.0 s {2}planned/);
  for (const name of STAGES.slice(1)) expect(written).toMatch(new RegExp(`^\\S+ ${name}$`, 'm'));
  expect(written.match(/✔/g)).toHaveLength(1);
});

test('a run that is parked shows what to type instead of a bar', async () => {
  const view = new TreeView();
  await vi.waitFor(() => {
    view.show(runView([stage('plan', 0, null)], { parked: parked(1), live: steps(120) }));
    expect(written).toContain('parked: more memory; npx formwork retry k goes on');
  });
  expect(written).not.toContain('120/300');
  await view.close();
});
