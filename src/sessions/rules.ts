import type { Intervention, Session } from '../generated/prisma/client.ts';
import type { SessionStatus } from '../generated/prisma/enums.ts';
import type { NewEvent } from '../events/append.ts';
import type { Actor } from '../identity/viewer.ts';
import { addSeconds } from '../kernel/clock.ts';
import type { UserError } from '../kernel/errors.ts';
import type { JsonObject } from '../kernel/json.ts';
import { allow, deny, type Outcome } from './aggregate.ts';

// The states of a session, and who moves it (behaviour 3):
//
//   ACTIVE ──ask──▶ WAITING_FOR_HUMAN ──last answer──▶ PROCESSING_INTERVENTION ──worker──▶ ACTIVE | CONTINUING_ASYNC
//      ▲                │        └─ external agent: straight to ACTIVE | CONTINUING_ASYNC          │ agent reports
//      │                └─ last pending gone, one unanswered ──▶ TIMEOUT ──resumeSession──▶ as an answer
//      └──────────────────────────────────────────────────────────────────────────────────────────┘
//   any that has not ended ──▶ COMPLETED (not while waiting) | FAILED | CANCELLED
//   any of these but the ended ones and TIMEOUT ──emergency stop──▶ HALTED ──lifted──▶ `haltedFrom`, the state before
//
// Invariants: WAITING_FOR_HUMAN, or HALTED from it, exactly while an intervention is pending; `currentInterventionId` is the oldest pending
// one; `unanswered` and `answeredAsync` speak of the present wait and are cleared when it ends; `staleAt` is set until
// the session ends or times out.

/** Silence after which a session that waits for nothing with a deadline becomes TIMEOUT, in seconds (behaviour 3.9). */
export const STALE_AFTER_SECONDS = 24 * 60 * 60;

/** The agent runs elsewhere and drives the session by mutations (behaviour 3.3). */
export const EXTERNAL = 'external';

const ENDED: readonly SessionStatus[] = ['COMPLETED', 'FAILED', 'CANCELLED'];

/** Nothing moves it any more. */
export const hasEnded = (status: SessionStatus): boolean => ENDED.includes(status);

/** Its agents may act: ask, report, add turns and tasks. */
export const isLive = (status: SessionStatus): boolean =>
  !hasEnded(status) && status !== 'TIMEOUT' && status !== 'HALTED';

export const isExternal = (session: Session): boolean => session.runner === EXTERNAL;

export const isHalted = ({ status }: Session): boolean => status === 'HALTED';

/** What an emergency stop answers to whatever would be granted or begun (behaviour 7.2). */
export const projectStopped: UserError = {
  code: 'EMERGENCY_STOPPED',
  message: 'the project is stopped: nothing is granted or started in it until the stop is lifted',
};

/**
 * Moves a session as if no stop held it: what it comes back to is what moves, and it stays HALTED until the stop lifts
 * or it has ended or timed out.
 */
export function moveBeneathStop(session: Session, move: (session: Session) => Session): Session {
  if (!isHalted(session)) return move(session);
  const moved = move({ ...session, status: session.haltedFrom!, haltedFrom: null });
  return hasEnded(moved.status) || moved.status === 'TIMEOUT'
    ? moved
    : { ...moved, status: 'HALTED', haltedFrom: moved.status, staleAt: null };
}

/** Why an agent may not act in the session, if so. */
export function mayAct(session: Session): Outcome<null> {
  if (isHalted(session)) return { ok: false, error: projectStopped };
  if (!isLive(session.status)) return deny('INVALID_STATE', `the session is ${session.status}`);
  return allow(null);
}

/**
 * The session once its interventions stand as `interventions` says (all that are pending, and those that were settled
 * just now). One place decides what a wait's end means, for answers, timeouts and cancellations alike (3.1, 3.2, 3.8).
 */
export function afterSettling(
  session: Session,
  interventions: readonly Intervention[],
  settled: Settled,
  now: Date,
): Session {
  return moveBeneathStop(session, (beneath) => settleLive(beneath, interventions, settled, now));
}

type Settled = { unanswered: boolean; answeredAsync: boolean; answered: boolean };

function settleLive(
  session: Session,
  interventions: readonly Intervention[],
  settled: Settled,
  now: Date,
): Session {
  const oldest = interventions.find(({ status }) => status === 'PENDING');
  const unanswered = session.unanswered || settled.unanswered;
  const answeredAsync = session.answeredAsync || settled.answeredAsync;
  const moved = { ...session, unanswered, answeredAsync, lastActivity: now };
  if (oldest !== undefined)
    return { ...moved, status: 'WAITING_FOR_HUMAN', currentInterventionId: oldest.id };
  if (unanswered) return { ...moved, status: 'TIMEOUT', currentInterventionId: null, staleAt: null };
  return resumed({ ...moved, currentInterventionId: null }, settled.answered);
}

/** Out of the wait: to the worker where one drives it and has an answer to bring, else on at once (3.3, 3.4). */
export function resumed(session: Session, answered: boolean): Session {
  const staleAt = session.staleAt ?? addSeconds(session.lastActivity, STALE_AFTER_SECONDS);
  if (answered && !isExternal(session))
    return { ...session, status: 'PROCESSING_INTERVENTION', unanswered: false, staleAt };
  const status = session.answeredAsync ? 'CONTINUING_ASYNC' : 'ACTIVE';
  return { ...session, status, unanswered: false, answeredAsync: false, staleAt };
}

/** A worker has taken the answers to the runner (3.4). */
export function pickedUp(session: Session, now: Date): Session {
  if (session.status !== 'PROCESSING_INTERVENTION') return session;
  return {
    ...session,
    status: session.answeredAsync ? 'CONTINUING_ASYNC' : 'ACTIVE',
    answeredAsync: false,
    lastActivity: now,
  };
}

/** The agent did something. */
export const active = (session: Session, now: Date): Session => ({
  ...session,
  status: session.status === 'CONTINUING_ASYNC' ? 'ACTIVE' : session.status,
  lastActivity: now,
});

/** Also where a stop holds it meanwhile. */
export const waitsForHuman = ({ status, haltedFrom }: Session): boolean =>
  status === 'WAITING_FOR_HUMAN' || (status === 'HALTED' && haltedFrom === 'WAITING_FOR_HUMAN');

/** What every event of a session says of itself. */
export const about = (session: Session, actor: Actor, now: Date) => ({
  projectId: session.projectId,
  teamId: session.teamId,
  sessionId: session.id,
  actor,
  occurredAt: now,
});

/** The event of a session's move, where it moved. */
export function statusEvents(
  before: Session | null,
  after: Session,
  actor: Actor,
  now: Date,
  data: JsonObject = {},
): NewEvent[] {
  if (before?.status === after.status) return [];
  return [
    {
      ...about(after, actor, now),
      type: 'session_status_changed',
      subjectId: after.id,
      data: { from: before?.status ?? null, to: after.status, ...data },
    },
  ];
}
