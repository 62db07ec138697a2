import type { Intervention } from '../generated/prisma/client.ts';
import { inScope, systemActor, type Viewer } from '../identity/viewer.ts';
import type { UserError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { inTeam } from '../sessions/aggregate.ts';
import { begin, type Draft, toChange } from '../sessions/draft.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { advance } from './advance.ts';
import { isPending, notFound } from './rules.ts';

export interface InterventionCommand<Reply extends Json> {
  id: string;
  idempotency?: Idempotency | null;
  /**
   * `intervention` stands as the clock has it at `now`, `viewer` as its team has them. A reply without a change to the draft
   * writes nothing.
   */
  decide(
    draft: Draft,
    intervention: Intervention,
    now: Date,
    viewer: Viewer,
  ): { reply: Reply } | { refusal: UserError[] };
}

/** A change of one intervention by its id: found within the viewer's scope, brought up to date with the clock, decided. */
export function changeIntervention<Reply extends Json>(
  { changeSession }: SessionDeps,
  viewer: Viewer,
  { id, idempotency, decide }: InterventionCommand<Reply>,
) {
  return changeSession<Reply>({
    interventionId: id,
    idempotency,
    withAuthorization: true,
    decide(aggregate, now) {
      const named = aggregate?.interventions.find((item) => item.id === id);
      if (!aggregate || named === undefined || !inScope(viewer, aggregate.session.projectId))
        return { refusal: [notFound] };
      const draft = begin(aggregate);
      const due = isPending(named) && advance(draft, named, now);
      const advanced = due ? { change: toChange(aggregate, draft, systemActor, now) } : {};
      const before = { ...draft, interventions: [...draft.interventions], events: draft.events.length };
      const decision = decide(
        draft,
        draft.interventions.find((item) => item.id === id)!,
        now,
        inTeam(viewer, aggregate),
      );
      if ('refusal' in decision) return { ...advanced, ...decision };
      const changed =
        before.events !== draft.events.length ||
        draft.interventions.some((item, at) => item !== before.interventions[at]);
      return changed
        ? { change: toChange(aggregate, draft, viewer.actor, now), reply: decision.reply }
        : { ...advanced, ...decision };
    },
  });
}
