import type { Intervention } from '../generated/prisma/client.ts';
import type { Actor, Viewer } from '../identity/viewer.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { type Draft, put } from '../sessions/draft.ts';
import { about, isExternal } from '../sessions/rules.ts';
import { changeIntervention } from './change-intervention.ts';
import { delivered, isAnswered, mayStillAnswer } from './rules.ts';

/** The agent has the answer (behaviour 4.13). Again: nothing more. Before there is one: INVALID_STATE. */
export async function acknowledgeResponse(deps: SessionDeps, viewer: Viewer, id: string) {
  return changeIntervention(deps, viewer, {
    id,
    decide(draft, intervention, now) {
      if (!isAnswered(intervention)) {
        const open = mayStillAnswer(intervention);
        if (!open.ok) return { refusal: [open.error] };
        return { refusal: [{ code: 'INVALID_STATE', message: 'there is no answer yet' }] };
      }
      deliverInDraft(draft, [intervention], viewer.actor, now);
      return { reply: { interventionId: id } };
    },
  });
}

/** Marks answers as having reached their agent: by its word, or by its going on under the same name (4.13). */
export function deliverInDraft(
  draft: Draft,
  interventions: readonly Intervention[],
  actor: Actor,
  now: Date,
): void {
  for (const intervention of interventions) {
    if (intervention.delivery !== 'PENDING') continue;
    put(draft, delivered(intervention, now));
    draft.events.push({
      ...about(draft.session, actor, now),
      type: 'intervention_delivered',
      subjectId: intervention.id,
      data: { agentName: intervention.agentName },
    });
  }
}

/**
 * A session that a runner drives has ended: what it was still owed has reached it (`taken`), or never will (4.13). Of
 * an external session it stays open, for its agent may still acknowledge.
 */
export function settleOwed(
  draft: Draft,
  taken: (id: string) => boolean,
  reason: string,
  actor: Actor,
  now: Date,
): void {
  if (isExternal(draft.session)) return;
  const owed = draft.interventions.filter(({ delivery }) => delivery === 'PENDING');
  deliverInDraft(
    draft,
    owed.filter(({ id }) => taken(id)),
    actor,
    now,
  );
  for (const intervention of owed.filter(({ id }) => !taken(id))) {
    const answered = isAnswered(intervention);
    put(draft, { ...intervention, delivery: answered ? 'FAILED' : 'UNANSWERED' });
    if (!answered) continue;
    draft.events.push({
      ...about(draft.session, actor, now),
      type: 'intervention_delivery_failed',
      subjectId: intervention.id,
      data: { agentName: intervention.agentName, reason },
    });
  }
}
