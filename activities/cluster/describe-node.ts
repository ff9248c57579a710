import { setTimeout as delay } from 'node:timers/promises';
import type { NodeFacts } from '../../src/contract/cluster.js';
import type { JobFence } from '../../src/contract/job.js';
import type { RunnerEventOf } from '../../src/contract/runner-event.js';
import { Failure } from '../../src/domain/failures.js';
import type { WorkLog } from '../../src/platform/ledger/port.js';
import type { NodeSelf } from '../../src/platform/node/port.js';
import type { JobRunner } from '../../src/platform/runner/port.js';
import { beating } from '../beating.js';

/** Imports of torch take 5 s on an idle machine; the job ends by itself within its own limit. */
const LOOK_MS = 100;
const SETUP_SECONDS = 120;

/** Asks this node, and the Python on it, what they are. That it answers is what makes a node ready. */
export const describeNode =
  (ports: { jobs: JobRunner; self: NodeSelf; workLog: WorkLog }) =>
  ({ fence }: { fence: JobFence }): Promise<NodeFacts> =>
    beating(async () => {
      const answeredAt = new Date();
      const jobId = `describe-${fence.owner}`;
      const limits = { setupSeconds: SETUP_SECONDS, stepSeconds: SETUP_SECONDS, checkpointSeconds: SETUP_SECONDS };
      const ranks = { first: 0, count: 1, worldSize: 1, threads: 1 };
      await ports.jobs.start({
        jobId,
        fence,
        plan: { command: 'describe' },
        ranks,
        rendezvous: null,
        limits,
        storePrefix: '',
        publish: null,
      });
      while ((await ports.jobs.look(jobId))?.alive === true) await delay(LOOK_MS);
      const events = (await ports.jobs.events(jobId, { offsets: {} })).get(0) ?? [];
      const described = events
        .map(({ event }) => event)
        .find((event): event is RunnerEventOf<'described'> => event.kind === 'described');
      if (described === undefined) {
        const [exit] = (await ports.jobs.look(jobId))?.supervisor?.exits ?? [];
        throw new Failure(
          'EnvironmentNotReady',
          `gpu_runner does not work on this node: ${exit?.message ?? 'it told nothing'}; ${exit?.logTail.at(-1) ?? ''}`,
          { logTail: exit?.logTail },
        );
      }
      void ports.workLog.ready(answeredAt, new Date());
      return {
        ...(await ports.self.facts()),
        device: described.device,
        gpus: described.gpus.map((gpu) => ({ name: gpu.name, memoryBytes: gpu.memory_bytes })),
        python: described.python,
        packages: described.packages,
      };
    });
