import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** Nobody comes to a queue in these tests: what waits a minute for somebody waits for so long. */
const SHORT_WAIT = '2 seconds';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) => {
        const { options } = input;
        if (options.scheduleToStartTimeout !== '60 seconds') return next(input);
        return next({ ...input, options: { ...options, scheduleToStartTimeout: SHORT_WAIT } });
      },
    },
  ],
});
