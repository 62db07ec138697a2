import type { Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { type Draft, put } from '../sessions/draft.ts';
import { about, afterSettling, isExternal } from '../sessions/rules.ts';
import type { Actor } from '../identity/viewer.ts';
import { changeIntervention } from './change-intervention.ts';
import { cancelled, isPending, mayStillAnswer } from './rules.ts';

/** Takes a request back: nobody need answer it any more. The last one pending lets the session go on (behaviour 3.8). */
export async function cancelIntervention(
  deps: SessionDeps,
  viewer: Viewer,
  id: string,
  reason: string | null,
) {
  const faults = new Faults();
  faults.text(['reason'], reason, MAX_MESSAGE);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return changeIntervention(deps, viewer, {
    id,
    decide(draft, intervention, now) {
      const open = mayStillAnswer(intervention);
      if (!open.ok) return { refusal: [open.error] };
      cancelInDraft(draft, { id, reason, toDeliver: !isExternal(draft.session) }, viewer.actor, now);
      const settled = { unanswered: false, answeredAsync: false, answered: false };
      draft.session = afterSettling(draft.session, draft.interventions, settled, now);
      draft.drive ||= !isExternal(draft.session);
      return { reply: { interventionId: id } };
    },
  });
}

/** Cancels everything pending of a session that ends (behaviour 3.8). Nobody is left to be told. */
export function cancelAllPending(draft: Draft, reason: string | null, actor: Actor, now: Date): void {
  for (const { id } of draft.interventions.filter(isPending)) {
    cancelInDraft(draft, { id, reason, toDeliver: false }, actor, now);
  }
}

function cancelInDraft(
  draft: Draft,
  { id, reason, toDeliver }: { id: string; reason: string | null; toDeliver: boolean },
  actor: Actor,
  now: Date,
): void {
  const intervention = draft.interventions.find((item) => item.id === id)!;
  put(draft, cancelled(intervention, toDeliver, now));
  draft.events.push({
    ...about(draft.session, actor, now),
    type: 'intervention_cancelled',
    subjectId: id,
    data: { reason },
  });
}
