import type { Client } from '@temporalio/client';
import type { FineTuningRequest } from '../contract/request.js';
import { runPage } from '../domain/run-page.js';
import { startRun } from '../platform/temporal/start-run.js';
import { ControlSession } from './control-session.js';
import { EXIT, exitCodeOfOutcome } from './exit-codes.js';
import { followRun, leftParked, resultLines } from './follow-run.js';
import { narration } from './narration.js';
import { StopRequest } from './stop-request.js';

export interface CarryOptions {
  detach?: boolean;
  json?: boolean;
}

/** What is to be started, and what has to hold before and after. */
export interface RunToCarry {
  runKey: string;
  workflowId: string;
  request: FineTuningRequest;
  /** Before it is started, with the server at hand. @throws Failure when it must not be. */
  check?: (client: Client, session: ControlSession) => Promise<void>;
  /** An execution is open already. @throws Failure when it may not be joined. */
  join?: () => void | Promise<void>;
}

/** Starts a run, or joins it, and watches it to its end. @returns the exit code of the command. */
export async function carryRun({ runKey, workflowId, request, check, join }: RunToCarry, options: CarryOptions): Promise<number> {
  const stop = new StopRequest();
  const told = narration(options);
  const session = await ControlSession.open({ forever: options.detach === true, narration: told });
  try {
    return await session.withClient(async (client, server) => {
      await check?.(client, session);
      const { wasOpen } = await startRun(client, workflowId, request);
      if (wasOpen) await join?.();
      const place = { store: session.context.home.store(), uiUrl: server.uiUrl, namespace: server.namespace, workflowId };
      told.say(`run ${runKey}${wasOpen ? ' is open already' : ''}, ${runPage(place) ?? server.address}`);
      if (options.detach === true) return EXIT.ok;
      const result = await followRun(client, workflowId, told, stop.signal);
      if (result === null && !stop.signal.aborted) {
        await session.stayUp();
        told.say(leftParked(runKey));
        return EXIT.parked;
      }
      if (result === null) {
        told.say(`run ${runKey} goes on as long as others keep the server up; formwork cancel ${runKey} ends it`);
        return EXIT.interrupted;
      }
      if (options.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
      else for (const line of resultLines(result, place)) told.say(line);
      return exitCodeOfOutcome[result.outcome];
    });
  } finally {
    await session.close(stop);
  }
}
