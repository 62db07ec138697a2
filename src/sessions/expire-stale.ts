import { waitsForPeople } from '../approvals/rules.ts';
import { systemActor } from '../identity/viewer.ts';
import { addSeconds } from '../kernel/clock.ts';
import type { SessionDeps } from './deps.ts';
import { begin, toChange } from './draft.ts';
import { isLive, STALE_AFTER_SECONDS, waitsForHuman } from './rules.ts';

/**
 * The clock's verb for silent sessions (behaviour 3.9). `staleAt` is not moved at every activity, which would cost each
 * change an index entry: when it is due, the silence is measured here, and the date set anew where there was activity.
 */
export async function expireStaleSession({ changeSession }: SessionDeps, sessionId: string): Promise<void> {
  await changeSession({
    sessionId,
    withApprovals: true,
    decide(aggregate, now) {
      if (aggregate?.session.staleAt == null || aggregate.session.staleAt > now) return { reply: null };
      const draft = begin(aggregate);
      const { session } = draft;
      const silentUntil = addSeconds(session.lastActivity, STALE_AFTER_SECONDS);
      if (waitsForHuman(session) || aggregate.approvals.some(waitsForPeople))
        draft.session = { ...session, staleAt: addSeconds(now, STALE_AFTER_SECONDS) };
      else if (silentUntil > now) draft.session = { ...session, staleAt: silentUntil };
      else if (!isLive(session.status)) draft.session = { ...session, staleAt: null };
      else
        draft.session = {
          ...session,
          status: 'TIMEOUT',
          staleAt: null,
          failureReason: 'no activity for 24 hours',
        };
      return { change: toChange(aggregate, draft, systemActor, now), reply: null };
    },
  });
}
