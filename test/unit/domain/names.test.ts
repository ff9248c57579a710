import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RunKey } from '../../../src/contract/request.js';
import {
  evaluationWorkflowId,
  fenceOf,
  leaseWorkflowId,
  nodeName,
  nodeQueue,
  roundWorkflowId,
  runKeyOf,
  runWorkflowId,
} from '../../../src/domain/names.js';

const runKeys = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9._:-]{0,99}$/);
const small = fc.integer({ min: 1, max: 120 });

test('ids of a run and its children tell key, fence and number', () => {
  expect(runWorkflowId('viggo-4')).toBe('run/viggo-4');
  expect(leaseWorkflowId('viggo-4', 2, 1)).toBe('run/viggo-4/lease/2-1');
  expect(roundWorkflowId('viggo-4', 2, '0')).toBe('run/viggo-4/round/2-0');
  expect(evaluationWorkflowId('viggo-4', 2, 'test')).toBe('run/viggo-4/evaluation/2-test');
  expect(nodeQueue('run/viggo-4/lease/2-1', 0, 3)).toBe('formwork-node-run-viggo-4-lease-2-1-0-g3');
});

test('ids of children tell the owner that they were started by; others tell none', () => {
  const ofChildren = [leaseWorkflowId, roundWorkflowId, evaluationWorkflowId] as ((
    key: string,
    fence: number,
    last: never,
  ) => string)[];
  for (const id of ofChildren) {
    fc.assert(fc.property(runKeys, small, small, (key, fence, last) => fenceOf(id(key, fence, last as never)) === fence));
  }
  fc.assert(fc.property(runKeys, (key) => fenceOf(runWorkflowId(key)) === null));
});

describe('run keys', () => {
  test('come back from the id of their workflow', () => {
    fc.assert(fc.property(runKeys, (key) => runKeyOf(runWorkflowId(key)) === key));
  });

  test('are a workflow id as it is where that has another form', () => {
    expect(runKeyOf('nightly-2026-11-22')).toBe('nightly-2026-11-22');
  });

  test.each(['', '-a', '.', 'a/b', 'a=b', 'a b', 'x'.repeat(101)])('"%s" is none', (key) => {
    expect(RunKey.safeParse(key).success).toBe(false);
  });
});

describe('node names', () => {
  const nodes = fc.record({ key: runKeys, fence: small, lease: small, node: fc.nat({ max: 63 }), generation: small });
  const nameOf = ({
    key,
    fence,
    lease,
    node,
    generation,
  }: {
    key: string;
    fence: number;
    lease: number;
    node: number;
    generation: number;
  }): string => nodeName(leaseWorkflowId(key, fence, lease), node, generation);

  test('are names of folders: no slash, no colon, short enough', () => {
    fc.assert(
      fc.property(nodes, (node) => {
        expect(nameOf(node)).toMatch(/^[a-zA-Z0-9._=-]{1,200}$/);
      }),
    );
  });

  test('tell any two nodes apart', () => {
    fc.assert(
      fc.property(nodes, nodes, (a, b) => {
        expect(nameOf(a) === nameOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 1000 },
    );
  });

  test('tell keys apart that hold what separates the parts of a name', () => {
    const alike = ['a-lease-1-1', 'a', 'a:lease:1-1', 'a-lease-1'].map((key) => nodeName(leaseWorkflowId(key, 1, 1), 1, 1));
    expect(new Set(alike).size).toBe(alike.length);
  });
});
