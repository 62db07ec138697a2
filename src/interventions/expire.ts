import { systemActor } from '../identity/viewer.ts';
import type { Aggregate, Decision } from '../sessions/aggregate.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { begin, toChange } from '../sessions/draft.ts';
import { advance } from './advance.ts';
import { isDue } from './deadlines.ts';
import { isPending } from './rules.ts';

/** The clock's own verb: does what is due on an intervention. Nothing where a person was faster. */
export async function expireIntervention({ changeSession }: SessionDeps, id: string): Promise<void> {
  await changeSession({
    interventionId: id,
    decide: (aggregate, now) => decideDue(aggregate, (intervention) => intervention.id === id, now),
  });
}

/**
 * The same for all that is due in a session, in one change, in the order in which it was due: a session may have as
 * many pending as its team, and one change each would be as many turns at the same row.
 */
export async function expireInSession({ changeSession }: SessionDeps, sessionId: string): Promise<void> {
  await changeSession({ sessionId, decide: (aggregate, now) => decideDue(aggregate, () => true, now) });
}

function decideDue(
  aggregate: Aggregate | null,
  wanted: (intervention: Aggregate['interventions'][number]) => boolean,
  now: Date,
): Decision<null> {
  const due = (aggregate?.interventions ?? [])
    .filter((intervention) => isPending(intervention) && isDue(intervention, now) && wanted(intervention))
    .sort((a, b) => a.dueAt!.getTime() - b.dueAt!.getTime());
  if (aggregate === null || due.length === 0) return { reply: null };
  const draft = begin(aggregate);
  for (const intervention of due) advance(draft, intervention, now);
  return { change: toChange(aggregate, draft, systemActor, now), reply: null };
}
