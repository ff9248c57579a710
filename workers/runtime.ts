import { setTimeout as delay } from 'node:timers/promises';
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  makeTelemetryFilterString,
  type LogEntry,
  type TelemetryOptions,
} from '@temporalio/worker';
import { createLogger, type Logger } from '../src/platform/logger.js';
import type { ServerTarget } from '../src/platform/temporal/connection.js';

/** A server that is away comes back; asking every two seconds costs nothing. */
const RECONNECT_MS = 2_000;

/**
 * Hands the logs of SDK, workflows and activities to our logger, and serves metrics where an address is given. Once per process,
 * before anything else of the SDK.
 */
export function installRuntime(name: string, level: string, metricsAddress: string | null = null): Logger {
  const logger = createLogger(name, level);
  const install = (telemetry: TelemetryOptions): Runtime =>
    Runtime.install({
      logger: new DefaultLogger('DEBUG', (entry) => write(logger, entry)),
      telemetryOptions: {
        logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
        ...telemetry,
      },
    });
  try {
    install(metricsAddress === null ? {} : { metrics: { prometheus: { bindAddress: metricsAddress } } });
  } catch (error) {
    if (metricsAddress === null) throw error;
    // No run waits for metrics.
    logger.error({ err: error, metricsAddress }, 'metrics are not served; set FORMWORK_METRICS_ADDRESS to a port that is free');
    install({});
  }
  return logger;
}

function write(logger: Logger, entry: LogEntry): void {
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
