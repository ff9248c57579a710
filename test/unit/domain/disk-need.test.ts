import { describe, expect, test } from 'vitest';
import { leastDiskBytes } from '../../../src/domain/disk-need.js';
import { tinyShape } from '../../../src/domain/tiny-model.js';
import { runPlan } from '../../fixtures/run-plan.js';

describe('the disk that training cannot do without', () => {
  test.each([
    [1, 'fp32', 2 * 16 + 4],
    [3, 'fp32', 2 * 16 + 3 * 4],
    [2, 'bf16', 2 * 14 + 2 * 2],
  ] as const)('holds on %i nodes in %s two checkpoints and the weights of each node', (nodes, precision, bytesPerParameter) => {
    const plan = runPlan({ cluster: { nodes }, training: { precision } });
    expect(leastDiskBytes(plan)).toBe(tinyShape.parameters * bytesPerParameter);
  });
});
