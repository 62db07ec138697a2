import { z } from 'zod';
import { isId } from '../kernel/ids.ts';

/** What a kind of job is, wherever it is enqueued or run. Payloads are ids: whoever runs it reads what stands then. */
export interface JobKind {
  payload: z.ZodType;
  /** Seconds that its handler may take; then it counts as failed, whatever became of its worker. */
  timeoutSeconds: number;
  /** Runs after a failure; then it is given up, and told in the log. */
  retries: number;
  /** Seconds before the first retry, doubled for each one after it. */
  retrySeconds: number;
}

export const jobs = {
  /**
   * A session's runner has something to do. The handler only puts the session into a worker's hands: the turn itself
   * is kept by a lease, which tells within seconds when a worker has died. A job lost is found by the driver's look.
   */
  drive: {
    payload: z.strictObject({ sessionId: z.string().refine((id) => isId('session', id)) }),
    timeoutSeconds: 60,
    retries: 10,
    retrySeconds: 1,
  },
  /** A step of a recovery was approved, and is to be run. What a worker that died has left is found by the recovery's watch. */
  recover: {
    payload: z.strictObject({ recoveryId: z.string().refine((id) => isId('recovery', id)) }),
    timeoutSeconds: 60,
    retries: 10,
    retrySeconds: 1,
  },
} as const satisfies Record<string, JobKind>;

export type JobName = keyof typeof jobs;
export type JobPayload<Name extends JobName> = z.output<(typeof jobs)[Name]['payload']>;

/** Handlers are called at least once for each job. */
export type JobHandlers = { [Name in JobName]: (payload: JobPayload<Name>) => Promise<void> };

/** Throws where the payload is none of this kind: a fault of the code that enqueued it, or of another release. */
export const parsePayload = <Name extends JobName>(name: Name, payload: unknown): JobPayload<Name> =>
  jobs[name].payload.parse(payload) as JobPayload<Name>;
