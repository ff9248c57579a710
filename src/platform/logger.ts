import { pino, type Logger } from 'pino';

export type { Logger };

/** JSON lines on stderr. Values go in fields; what looks like a secret is not written. */
export function createLogger(name: string, level: string): Logger {
  return pino(
    {
      name,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['apiKey', 'token', 'password', 'secret', '*.apiKey', '*.token', '*.password', '*.secret'],
        censor: '[redacted]',
      },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
