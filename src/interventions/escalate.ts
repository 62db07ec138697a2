import type { Intervention } from '../generated/prisma/client.ts';
import type { Role } from '../generated/prisma/enums.ts';
import { takenFrom } from '../identity/team-roles.ts';
import type { Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError, type UserError } from '../kernel/errors.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { type Draft, put } from '../sessions/draft.ts';
import { fingerprintOf, idempotencyOf } from '../idempotency/idempotency.ts';
import { about, projectStopped } from '../sessions/rules.ts';
import { changeIntervention } from './change-intervention.ts';
import { escalated, isFrozen, justEscalated, mayStillAnswer, targetLevel } from './rules.ts';

export interface EscalateInput {
  reason: string;
  level?: number | null;
  idempotencyKey?: string | null;
}

export type EscalateReply = { interventionId: string; escalationLevel: number; requiredRole: Role };

/**
 * Raises an intervention to a level, or the next one (behaviour 4.11). Refusals: INVALID_INPUT for the present level or
 * a lower one, ESCALATION_EXHAUSTED past the last, and those of what is no longer pending. A repeat climbs no further.
 */
export async function escalateIntervention(deps: SessionDeps, by: Viewer, id: string, input: EscalateInput) {
  const faults = new Faults();
  faults.text(['escalation', 'reason'], input.reason, MAX_MESSAGE, 1);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const fingerprint = fingerprintOf({ mutation: 'escalateIntervention', id, ...input });
  return changeIntervention<EscalateReply>(deps, by, {
    id,
    idempotency: idempotencyOf(by.credentialId, 'escalateIntervention', { id, ...input }),
    decide(draft, intervention, now, viewer) {
      if (!justEscalated(intervention, viewer.actor, fingerprint)) {
        const at = ['escalation', 'level'];
        const wanted = { level: input.level ?? null, at, reason: input.reason, fingerprint };
        const fault = escalateDraft(draft, intervention, wanted, viewer, now);
        if (fault !== null) return { refusal: [fault] };
      }
      const { escalationLevel, requiredRole } = draft.interventions.find((item) => item.id === id)!;
      return { reply: { interventionId: id, escalationLevel, requiredRole } };
    },
  });
}

/** Escalates in a decision that is being made, by this mutation or by an answer that escalates; `at`: where the level stands. */
export function escalateDraft(
  draft: Draft,
  intervention: Intervention,
  {
    level: wanted,
    at,
    reason,
    fingerprint,
  }: { level: number | null; at: string[]; reason: string; fingerprint: string },
  viewer: Viewer,
  now: Date,
): UserError | null {
  const open = mayStillAnswer(intervention);
  if (!open.ok) return open.error;
  const taken = takenFrom(viewer, 'intervention.escalate');
  if (taken !== null) return taken;
  if (isFrozen(intervention)) return projectStopped;
  const { actor } = viewer;
  const target = targetLevel(intervention, wanted, at);
  if (!target.ok) return target.error;
  const step = { reason, automatic: false, escalatedBy: actor, fingerprint };
  const raised = escalated(intervention, target.value, step, now);
  put(draft, raised);
  draft.session = { ...draft.session, lastActivity: now };
  draft.events.push({
    ...about(draft.session, actor, now),
    type: 'escalation_triggered',
    subjectId: intervention.id,
    data: { level: target.value, role: raised.requiredRole, reason, automatic: false },
  });
  return null;
}
