import type { SessionDeps } from '../sessions/deps.ts';
import { begin, toChange } from '../sessions/draft.ts';
import { systemActor } from '../identity/viewer.ts';
import { advance } from './advance.ts';
import { isPending } from './rules.ts';

/** The clock's own verb: does what is due on an intervention. Nothing where a person was faster. */
export async function expireIntervention({ changeSession }: SessionDeps, id: string): Promise<void> {
  await changeSession({
    interventionId: id,
    decide(aggregate, now) {
      const intervention = aggregate?.interventions.find((item) => item.id === id);
      if (!aggregate || intervention === undefined || !isPending(intervention)) return { reply: null };
      const draft = begin(aggregate);
      if (!advance(draft, intervention, now)) return { reply: null };
      return { change: toChange(aggregate, draft, systemActor, now), reply: null };
    },
  });
}
