import pino from 'pino';

export type Log = pino.Logger;

/** JSON lines on standard output. Credentials never reach it, whatever object is logged. */
export function createLog(level: string, destination?: pino.DestinationStream): Log {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: plainError },
    redact: {
      paths: ['authorization', '*.authorization', '*.*.authorization', 'secret', '*.secret'],
      censor: '…',
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/**
 * What an error says, and its own scalars: drivers hang the connection that broke on it, with all that was ever prepared
 * there.
 */
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { aggregateErrors, ...rest } = pino.stdSerializers.err(error);
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => typeof value !== 'object')),
    ...(aggregateErrors !== undefined && {
      aggregateErrors: (error as AggregateError).errors.map(plainError),
    }),
  };
}
