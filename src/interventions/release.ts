import { can } from '../identity/permissions.ts';
import type { Actor, Viewer } from '../identity/viewer.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { put } from '../sessions/draft.ts';
import { about } from '../sessions/rules.ts';
import { changeIntervention } from './change-intervention.ts';
import { mayStillAnswer } from './rules.ts';

/** Gives a claim up; someone else's only with `intervention.override` (behaviour 4.6). Unclaimed already: so be it. */
export async function releaseIntervention(deps: SessionDeps, by: Viewer, id: string) {
  return changeIntervention(deps, by, {
    id,
    decide(draft, intervention, now, viewer) {
      const open = mayStillAnswer(intervention);
      if (!open.ok) return { refusal: [open.error] };
      const reply = { interventionId: id };
      const claimer = intervention.claimedBy as Actor | null;
      if (claimer === null) return { reply };
      if (claimer.id !== viewer.actor.id && !can(viewer, 'intervention.override')) {
        return { refusal: [{ code: 'FORBIDDEN', message: `claimed by ${claimer.name}` }] };
      }
      put(draft, { ...intervention, claimedBy: null });
      draft.events.push({
        ...about(draft.session, viewer.actor, now),
        type: 'intervention_released',
        subjectId: id,
        data: { from: claimer.id },
      });
      return { reply };
    },
  });
}
