/** SQLSTATEs (and Prisma's word for them) after which the same work may well succeed: nothing of it was kept. */
const CONTENTION = new Set(['P2034', '40001', '40P01']);

/** What a connection that is missing, breaking or being shut down is reported as: by Prisma, PostgreSQL, the system. */
const UNAVAILABLE = new Set(
  [
    'P1001 P1002 P1008 P1011 P1017 P2024 P2037',
    '57P01 57P02 57P03 53300',
    'ECONNREFUSED ECONNRESET EPIPE ENOTFOUND ETIMEDOUT EAI_AGAIN',
    'DatabaseNotReachable ConnectionClosed SocketTimeout TooManyConnections',
  ].flatMap((codes) => codes.split(' ')),
);

/** Class 08 of SQLSTATE. */
const CONNECTION_EXCEPTION = /^08[0-9A-Z]{3}$/;

/** node-postgres gives these no code. */
const UNAVAILABLE_MESSAGES = [
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error and is not queryable',
];

/** Two transactions stood in each other's way and this one gave in. */
export const isContention = (error: unknown): boolean => codesOf(error).some((code) => CONTENTION.has(code));

/** A value that the database will not have, or one that is there already: this statement fails whenever it is sent. */
export const isDataFault = (error: unknown): boolean =>
  codesOf(error).some((code) => /^(22|23|54)[0-9A-Z]{3}$/.test(code) || /^P20(0[0-9]|1[1-3])$/.test(code));

/** A row refers to one that is not there, or one that is referred to was to go. */
export const isReferenceFault = (error: unknown): boolean =>
  codesOf(error).some((code) => code === '23503' || code === 'P2003');

/** The database could not be asked at all; whether the statement took effect is then unknown. */
export const isUnavailable = (error: unknown): boolean =>
  codesOf(error).some((code) => UNAVAILABLE.has(code) || CONNECTION_EXCEPTION.test(code)) ||
  chainOf(error).some(({ message }) => UNAVAILABLE_MESSAGES.some((text) => message?.includes(text)));

/** Whatever is wrong with it: Prisma's own, which speak of statements. */
export const isOfDatabase = (error: unknown): boolean =>
  error instanceof Error && error.name.startsWith('PrismaClient');

interface Fault {
  code?: unknown;
  originalCode?: unknown;
  kind?: unknown;
  message?: string;
  cause?: unknown;
  /** Of an AggregateError: a host with several addresses. */
  errors?: unknown[];
  meta?: { driverAdapterError?: unknown; code?: unknown };
}

/** Prisma wraps the driver's error in `meta`, the driver wraps PostgreSQL's in `cause`. */
function chainOf(error: unknown): Fault[] {
  const chain: Fault[] = [];
  const pending = [error];
  while (pending.length > 0 && chain.length < 10) {
    const fault = pending.shift();
    if (fault === null || typeof fault !== 'object') continue;
    const { cause, meta, errors } = fault as Fault;
    chain.push(fault as Fault);
    pending.push(cause, meta?.driverAdapterError, errors?.[0]);
  }
  return chain;
}

const codesOf = (error: unknown): string[] =>
  chainOf(error)
    .flatMap(({ code, originalCode, kind, meta }) => [code, originalCode, kind, meta?.code])
    .filter((code) => typeof code === 'string');
