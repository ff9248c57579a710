import type { Client } from '@temporalio/client';
import { TemporalRunSchedules } from '../../platform/temporal/run-schedules.js';
import { CliContext } from '../context.js';

export interface ScheduleSession {
  context: CliContext;
  client: Client;
  schedules: TemporalRunSchedules;
}

/** The schedules of the server that is up. @throws Failure Unreachable where none is. */
export async function withSchedules<T>(act: (session: ScheduleSession) => Promise<T>): Promise<T> {
  const context = await CliContext.open();
  return context.withClient((client) => act({ context, client, schedules: new TemporalRunSchedules(client) }));
}
