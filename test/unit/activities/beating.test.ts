import { expect, test } from 'vitest';
import { eachBeating } from '../../../activities/beating.js';
import { ActivityContext } from '../../fixtures/activity-context.js';

test('each act beats while it takes its time, and answers as without', async () => {
  const context = new ActivityContext();
  const { double } = eachBeating({
    double: async (input: number) => {
      await context.beat();
      return 2 * input;
    },
  });
  expect(await context.run(double, 21)).toBe(42);
});
