import { setTimeout as delay } from 'node:timers/promises';
import { DefaultLogger, NativeConnection, Runtime, makeTelemetryFilterString, type LogEntry } from '@temporalio/worker';
import { createLogger, type Logger } from '../src/platform/logger.js';
import type { ServerTarget } from '../src/platform/temporal/connection.js';

/** A server that is away comes back; asking every two seconds costs nothing. */
const RECONNECT_MS = 2_000;

/** Hands the logs of SDK, workflows and activities to our logger. Once per process, before anything else of the SDK. */
export function installRuntime(name: string, level: string): Logger {
  const logger = createLogger(name, level);
  Runtime.install({
    logger: new DefaultLogger('DEBUG', (entry: LogEntry) => {
      const { error, ...meta } = entry.meta ?? {};
      const at = new Date(Number(entry.timestampNanos / 1_000_000n)).toISOString();
      // pino writes what is under `err` with message and stack.
      const fields = { ...meta, ...(error === undefined ? {} : { err: error as unknown }), at };
      switch (entry.level) {
        case 'ERROR':
          return logger.error(fields, entry.message);
        case 'WARN':
          return logger.warn(fields, entry.message);
        case 'INFO':
          return logger.info(fields, entry.message);
        default:
          return logger.debug(fields, entry.message);
      }
    }),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) } },
  });
  return logger;
}

/** Connects, however long the server is away. */
export async function connectWorker(target: ServerTarget, logger: Logger): Promise<NativeConnection> {
  for (;;) {
    try {
      return await NativeConnection.connect(target.connectionOptions);
    } catch (error) {
      logger.warn({ address: target.address, reason: String(error) }, 'server does not answer yet');
      await delay(RECONNECT_MS);
    }
  }
}
