import { defineConfig } from 'vitest/config';

const common = {
  // Native handles of the Temporal SDK do not survive worker threads.
  pool: 'forks' as const,
  include: [] as string[],
};

/** One project a kind of test; `npm test` runs them one after the other, with the long ones last. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Most of its time goes into waiting for processes: more files at once than cores.
          maxWorkers: 4,
          testTimeout: 30_000,
        },
      },
      { test: { ...common, name: 'contract', include: ['test/contract/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { ...common, name: 'architecture', include: ['test/architecture/**/*.test.ts'], testTimeout: 180_000 } },
      {
        test: {
          ...common,
          name: 'workflow',
          include: ['test/workflow/**/*.test.ts', 'test/replay/**/*.test.ts'],
          globalSetup: ['test/workflow/global-setup.ts'],
          // One server for all, and the control queue has one name: the worker of one file would take the tasks of another.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { ...common, name: 'browser', include: ['test/browser/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        test: {
          ...common,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // Each starts servers, nodes and ranks of its own on the same few cores.
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          ...common,
          name: 'kills',
          include: ['test/kills/**/*.test.ts'],
          // A seed that does not come to its end is waited for as long as test/kills/runners.ts says, then tidied up.
          testTimeout: 900_000,
        },
      },
      {
        test: {
          ...common,
          name: 'durability',
          include: ['test/durability/**/*.test.ts'],
          // A row that does not come to an end is measured for ten minutes, then tidied up.
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          ...common,
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          // All cells run before the first test looks at them; one that does not come to an end is given up after eight minutes.
          hookTimeout: 1_800_000,
        },
      },
      {
        test: {
          ...common,
          name: 'network',
          include: ['test/network/**/*.test.ts'],
          fileParallelism: false,
          // As in e2e: a run, and what is done to it.
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
