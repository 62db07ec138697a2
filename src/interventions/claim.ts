import { takenFrom } from '../identity/team-roles.ts';
import type { Actor, Viewer } from '../identity/viewer.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { put } from '../sessions/draft.ts';
import { about } from '../sessions/rules.ts';
import { changeIntervention } from './change-intervention.ts';
import { mayAnswer, mayStillAnswer } from './rules.ts';

/** Says "I am on it": until it is released or escalated, others answer only by an override (behaviour 4.6). */
export async function claimIntervention(deps: SessionDeps, by: Viewer, id: string) {
  return changeIntervention(deps, by, {
    id,
    decide(draft, intervention, now, viewer) {
      const open = mayStillAnswer(intervention);
      if (!open.ok) return { refusal: [open.error] };
      const taken = takenFrom(viewer, 'intervention.claim');
      if (taken !== null) return { refusal: [taken] };
      const allowed = mayAnswer(intervention, viewer);
      if (!allowed.ok) return { refusal: [allowed.error] };
      const reply = { interventionId: id };
      const claimer = intervention.claimedBy as Actor | null;
      if (claimer?.id === viewer.actor.id) return { reply };
      put(draft, { ...intervention, claimedBy: viewer.actor });
      draft.events.push({
        ...about(draft.session, viewer.actor, now),
        type: 'intervention_claimed',
        subjectId: id,
        data: { from: claimer?.id ?? null },
      });
      return { reply };
    },
  });
}
