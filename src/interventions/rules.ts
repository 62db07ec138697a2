import type { Intervention } from '../generated/prisma/client.ts';
import type { InterventionResolution, Role } from '../generated/prisma/enums.ts';
import { can, satisfies } from '../identity/permissions.ts';
import type { Actor, Viewer } from '../identity/viewer.ts';
import type { UserError } from '../kernel/errors.ts';
import { allow, deny, type Outcome } from '../sessions/aggregate.ts';
import { type EscalationStep, openWindow } from './deadlines.ts';
import type { Option } from './option.ts';
import { optionsOf } from './option.ts';
import type { HumanResponse, Receipt } from './response.ts';
import { termsOf } from './terms.ts';

// The states of an intervention, and who moves it (behaviour 4):
//
//   PENDING ──a person (resolve, select, respond, resume) or the clock (auto_continue)──▶ RESOLVED
//   PENDING ──the clock, no level left──▶ TIMEOUT        PENDING ──agent or person──▶ CANCELLED
//   while an emergency stop holds it (`frozenAt`), it can be rejected or cancelled, and nothing else (behaviour 7.2)
//   escalating and claiming leave it PENDING; reviving a TIMEOUT session answers it and leaves it TIMEOUT
//
//   delivery: UNANSWERED ──answered──▶ PENDING ──runner took it, agent acknowledged or went on──▶ DELIVERED | FAILED
//
// `open` holds while its session must reckon with it: pending, or timed out and revivable.

export const notFound: UserError = { code: 'NOT_FOUND', message: 'there is no such intervention' };

export const isPending = ({ status }: Intervention): boolean => status === 'PENDING';

/** Answered by a person or by the clock, in time or in reviving. */
export const isAnswered = ({ response }: Intervention): boolean => response !== null;

export const escalationsOf = ({ escalations }: Intervention): EscalationStep[] =>
  escalations as unknown as EscalationStep[];

/** Why an intervention that is no longer pending cannot be answered (behaviour 4.2, 4.4). */
export function mayStillAnswer(intervention: Intervention): Outcome<null> {
  switch (intervention.status) {
    case 'PENDING':
      return allow(null);
    case 'RESOLVED':
      return deny('ALREADY_RESOLVED', `already resolved: ${intervention.resolution}`);
    case 'CANCELLED':
      return deny('CANCELLED', 'the request was cancelled');
    case 'TIMEOUT':
      return deny('EXPIRED', 'the request timed out; resumeSession revives its session');
  }
}

/** Whether this viewer may answer it: the level's role (4.11) and the claim (4.6). True: it took an override. */
export function mayAnswer(intervention: Intervention, viewer: Viewer): Outcome<{ override: boolean }> {
  if (!satisfies(viewer.role, intervention.requiredRole)) {
    return deny(
      'FORBIDDEN',
      `this must be answered by ${article(intervention.requiredRole)} or a higher role`,
    );
  }
  const claimer = intervention.claimedBy as Actor | null;
  if (claimer === null || claimer.id === viewer.actor.id) return allow({ override: false });
  if (can(viewer, 'intervention.override')) return allow({ override: true });
  return deny('FORBIDDEN', `claimed by ${claimer.name}`);
}

export const isFrozen = ({ frozenAt }: { frozenAt: Date | null }): boolean => frozenAt !== null;

/**
 * Whether this answer would grant what the viewer asked for (behaviour 2.6). Whatever lets the agent go on grants:
 * approving, modifying, choosing an option, words of one's own. Refusing and escalating do not.
 */
export const grantsOwn = ({ askedBy }: Intervention, viewer: Viewer, responseType: string): boolean =>
  (askedBy as Actor | null)?.id === viewer.actor.id && responseType !== 'reject';

const article = (role: Role): string => `${/^[AO]/.test(role) ? 'an' : 'a'} ${role}`;

/** The option chosen, where it may be (4.5); `at`: the argument that names it. True: it was disabled and took an override. */
export function mayChoose(
  intervention: Intervention,
  optionId: string,
  viewer: Viewer,
  at: string[],
): Outcome<{ option: Option; override: boolean }> {
  const option = optionsOf(intervention).find(({ id }) => id === optionId);
  if (option === undefined) return deny('OPTION_NOT_FOUND', 'there is no such option', at);
  if (!option.disabled) return allow({ option, override: false });
  if (can(viewer, 'intervention.override')) return allow({ option, override: true });
  return deny('OPTION_DISABLED', option.disabledReason ?? 'the option is disabled', at);
}

/** Settled by an answer; of a revived one the status stays TIMEOUT (behaviour 3.7). */
export function answered(
  intervention: Intervention,
  response: HumanResponse,
  resolution: InterventionResolution,
  receipt: Receipt | null,
  now: Date,
): Intervention {
  const revived = intervention.status === 'TIMEOUT';
  return {
    ...intervention,
    ...(revived ? {} : { status: 'RESOLVED' as const, resolution }),
    ...closed(now),
    resolvedById: response.respondedBy.kind === 'USER' ? response.respondedBy.id : null,
    response: response as never,
    receipt: receipt as never,
    delivery: 'PENDING',
  };
}

/** What every end of a wait has in common. */
const closed = (now: Date) => ({
  resolvedAt: now,
  dueAt: null,
  expiresAt: null,
  frozenAt: null,
  open: false,
});

export const expired = (intervention: Intervention, at: Date): Intervention => ({
  ...intervention,
  ...closed(at),
  status: 'TIMEOUT',
  resolution: 'TIMEOUT',
  open: true,
  windowEnded: true,
  // It could no longer be released, and would keep others from reviving the session.
  claimedBy: null,
});

/** `toDeliver`: its runner has to be told. */
export const cancelled = (intervention: Intervention, toDeliver: boolean, now: Date): Intervention => ({
  ...intervention,
  ...closed(now),
  status: 'CANCELLED',
  delivery: toDeliver ? 'PENDING' : 'UNANSWERED',
});

export const delivered = (intervention: Intervention, now: Date): Intervention => ({
  ...intervention,
  delivery: 'DELIVERED',
  acknowledgedAt: now,
});

/** The level that an escalation by hand goes to (behaviour 4.11); `at`: the argument that names it. */
export function targetLevel(
  intervention: Intervention,
  wanted: number | null,
  at: string[],
): Outcome<number> {
  const { levels } = termsOf(intervention).escalation;
  const present = intervention.escalationLevel;
  const level = wanted ?? present + 1;
  const name = at.at(-1)!;
  if ((Number.isInteger(level) && level > levels.length) || levels.length === 0)
    return deny('ESCALATION_EXHAUSTED', `there are ${levels.length} levels`, at);
  // A level may come out of an option's metadata, which is the agent's.
  if (!Number.isInteger(level) || level < 1)
    return deny('INVALID_INPUT', `${name} must be 1 to ${levels.length}`, at);
  if (level <= present)
    return deny('INVALID_INPUT', `${name} must be above the present level, ${present}`, at);
  return allow(level);
}

/** On a level: its role must answer, its window runs from `at`, and nobody's claim holds any more (4.6, 4.8). */
export function escalated(
  intervention: Intervention,
  level: number,
  step: Pick<EscalationStep, 'reason' | 'automatic' | 'escalatedBy' | 'fingerprint'>,
  at: Date,
): Intervention {
  const terms = termsOf(intervention);
  const rung = terms.escalation.levels[level - 1]!;
  const window = openWindow(at, rung.timeout, terms);
  const entry: EscalationStep = {
    level,
    role: rung.role,
    ...step,
    escalatedAt: at.toISOString(),
    respondBy: window.expiresAt!.toISOString(),
  };
  return {
    ...intervention,
    ...window,
    escalationLevel: level,
    requiredRole: rung.role,
    claimedBy: null,
    escalations: [...escalationsOf(intervention), entry] as never,
  };
}

/**
 * Whether this very escalation, by this person, brought it to the level that it is waiting on. A double click is no
 * second wish, and climbs no second level (behaviour 4.2).
 */
export function justEscalated(intervention: Intervention, actor: Actor, fingerprint: string): boolean {
  const last = escalationsOf(intervention).at(-1);
  if (!isPending(intervention) || last?.fingerprint !== fingerprint) return false;
  return (last.escalatedBy as Actor).id === actor.id;
}

export const escalatedByHand = (intervention: Intervention): boolean =>
  escalationsOf(intervention).some(({ automatic }) => !automatic);
