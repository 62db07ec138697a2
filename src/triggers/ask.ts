import type { Intervention } from '../generated/prisma/client.ts';
import type { Actor } from '../identity/viewer.ts';
import { askInDraft, costLeft } from '../interventions/ask.ts';
import { isPending } from '../interventions/rules.ts';
import { askTerms } from '../interventions/terms.ts';
import type { Ids } from '../kernel/ids.ts';
import { type Aggregate, allow, configurationOf, type Outcome } from '../sessions/aggregate.ts';
import type { Draft } from '../sessions/draft.ts';
import { firstMatch } from './match.ts';
import { questionOf } from './question.ts';
import type { ReportedEvent } from './values.ts';

/**
 * Asks a person in the draft where a trigger of the team wants that, and answers with what is waited for; null: none
 * does. What the same trigger asked for the same agent in this session, and nobody has answered yet, is not asked again
 * (behaviour 8.4). The aggregate has the team's configuration, and the project's budget.
 */
export function askWhereTriggered(
  ids: Ids,
  draft: Draft,
  aggregate: Aggregate,
  event: ReportedEvent,
  askedBy: Actor,
  now: Date,
): Outcome<Intervention> | null {
  const { agentName } = event;
  const configuration = configurationOf(aggregate);
  const match = firstMatch(configuration, event);
  if (match === null) return null;
  const pending = draft.interventions.find(
    (item) => isPending(item) && item.agentName === agentName && item.trigger === match.rule.condition,
  );
  if (pending !== undefined) return allow(pending);
  const { levels } = askTerms(configuration, { type: match.rule.type, agentName }).terms.escalation;
  const limits = { left: costLeft(aggregate.budget, now), levels: levels.length };
  const question = questionOf(match, event, limits);
  return askInDraft(draft, aggregate, { ...question, id: ids.next('intervention'), agentName, askedBy }, now);
}
