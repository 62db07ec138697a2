import pino from 'pino';

export type Log = pino.Logger;

/** JSON lines on standard output. Credentials never reach it, whatever object is logged. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['authorization', '*.authorization', '*.*.authorization', 'secret', '*.secret'],
      censor: '…',
    },
  });
}
