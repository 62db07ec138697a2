import { MAX_SECONDS } from '../kernel/bounds.ts';
import { refuse } from '../kernel/errors.ts';
import type { ChangeSession } from '../sessions/change.ts';
import { type Lease, LeaseLost } from './lease.ts';

/**
 * The way to change a session, for one holder of its lease: every decision is held against the epoch that stands on the
 * session, in the statement that writes. Steps are remembered for the longest that a session can wait, not for a day.
 */
export function fenced(
  changeSession: ChangeSession,
  { sessionId, epoch }: Pick<Lease, 'sessionId' | 'epoch'>,
): ChangeSession {
  return (command) =>
    changeSession({
      ...command,
      idempotency: command.idempotency ? { ...command.idempotency, keptSeconds: MAX_SECONDS } : null,
      decide(aggregate, now) {
        // A task's id may be another session's.
        if (aggregate?.session.id !== sessionId)
          throw refuse('NOT_FOUND', 'the session has nothing of that id');
        if (aggregate.session.driveEpoch !== epoch)
          throw new LeaseLost('another worker has taken the session');
        return command.decide(aggregate, now);
      },
    });
}
