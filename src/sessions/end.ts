import type { SessionStatus } from '../generated/prisma/enums.ts';
import { cancelAllOpen } from '../approvals/cancel.ts';
import { type Actor, personOf, type Viewer } from '../identity/viewer.ts';
import { settleOwed } from '../interventions/acknowledge.ts';
import { cancelAllPending } from '../interventions/cancel.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { type Aggregate, type Outcome, allow, deny } from './aggregate.ts';
import { changeOne } from './change-one.ts';
import type { SessionDeps } from './deps.ts';
import { hasEnded, isHalted, isLive, projectStopped, waitsForHuman } from './rules.ts';
import type { Draft } from './draft.ts';
import type { Session } from '../generated/prisma/client.ts';

/** The work is done. Not while a person is asked (behaviour 3.8); calls and answers that are open are cancelled. */
export async function completeSession(deps: SessionDeps, viewer: Viewer, id: string, result: Json) {
  const faults = new Faults();
  faults.json(['result'], result);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return end(deps, viewer, id, mayComplete, (draft, { tasks }, now) => {
    draft.session = { ...draft.session, status: 'COMPLETED', result: result ?? null };
    // Whoever completes the work had all that it took.
    settleOwed(draft, () => true, '', viewer.actor, now);
    cancelAllOpen(draft, 'the session was completed', { tasks, actor: viewer.actor, now });
  });
}

/**
 * The work cannot go on; what is pending is cancelled (behaviour 3.8). `taken`: answers that its runner has, though they
 * were not yet marked so.
 */
export async function failSession(
  deps: SessionDeps,
  viewer: Viewer,
  id: string,
  reason: string,
  taken?: ReadonlySet<string>,
) {
  const faults = new Faults();
  faults.text(['reason'], reason, MAX_MESSAGE, 1);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return end(deps, viewer, id, mayStop, (draft, { tasks }, now) => {
    failDraft(draft, tasks, reason, viewer.actor, now, taken);
  });
}

/** The failing itself, within a decision that is being made. */
export function failDraft(
  draft: Draft,
  tasks: Aggregate['tasks'],
  reason: string,
  actor: Actor,
  now: Date,
  taken?: ReadonlySet<string>,
): void {
  cancelAllPending(draft, reason, actor, now);
  cancelAllOpen(draft, reason, { tasks, actor, now });
  settleOwed(draft, (id) => taken?.has(id) ?? false, reason, actor, now);
  draft.session = {
    ...draft.session,
    status: 'FAILED',
    failureReason: reason,
    endedById: personOf(actor),
    ...over(now),
  };
}

/** Nobody wants the work any more; what is pending is cancelled (behaviour 3.8). */
export async function cancelSession(deps: SessionDeps, viewer: Viewer, id: string, reason: string | null) {
  const faults = new Faults();
  faults.text(['reason'], reason, MAX_MESSAGE);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return end(deps, viewer, id, mayStop, (draft, { tasks }, now) => {
    cancelAllPending(draft, reason, viewer.actor, now);
    cancelAllOpen(draft, reason ?? 'the session was cancelled', { tasks, actor: viewer.actor, now });
    settleOwed(draft, () => false, reason ?? 'the session was cancelled', viewer.actor, now);
    draft.session = { ...draft.session, status: 'CANCELLED', failureReason: reason };
  });
}

function end(
  deps: SessionDeps,
  viewer: Viewer,
  sessionId: string,
  may: (session: Session) => Outcome<SessionStatus>,
  move: (draft: Draft, aggregate: Aggregate, now: Date) => void,
) {
  return changeOne(deps, viewer, {
    sessionId,
    withUndelivered: true,
    withApprovals: true,
    decide(draft, aggregate, now) {
      const allowed = may(aggregate.session);
      if (!allowed.ok) return { refusal: [allowed.error] };
      move(draft, aggregate, now);
      draft.session = { ...draft.session, endedById: personOf(viewer.actor), ...over(now) };
      return { reply: { sessionId } };
    },
  });
}

/** What every end leaves behind. */
const over = (now: Date) => ({
  haltedFrom: null,
  currentInterventionId: null,
  unanswered: false,
  answeredAsync: false,
  staleAt: null,
  lastActivity: now,
});

function mayComplete(session: Session): Outcome<SessionStatus> {
  if (isHalted(session)) return { ok: false, error: projectStopped };
  if (waitsForHuman(session))
    return deny(
      'INVALID_STATE',
      'the session waits for a person; its request must be answered or cancelled first',
    );
  return isLive(session.status)
    ? allow(session.status)
    : deny('INVALID_STATE', `the session is ${session.status}`);
}

/** Also a session that timed out, or that a stop holds, can be given up. */
const mayStop = ({ status }: Session): Outcome<SessionStatus> =>
  hasEnded(status) ? deny('INVALID_STATE', `the session is ${status}`) : allow(status);
