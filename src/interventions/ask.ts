import { lineOf, rolled } from '../budgets/rules.ts';
import type { BudgetState } from '../budgets/state.ts';
import type { Intervention } from '../generated/prisma/client.ts';
import type { InterventionType, InterventionUrgency } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';
import { type Json, plainObject } from '../kernel/json.ts';
import { type Aggregate, allow, configurationOf, deny, type Outcome } from '../sessions/aggregate.ts';
import { type Draft, put } from '../sessions/draft.ts';
import { about } from '../sessions/rules.ts';
import { openWindow } from './deadlines.ts';
import type { Option } from './option.ts';
import { askTerms, type AskTerms, queueBound } from './terms.ts';

/** What is asked of a person, by an agent or by a rule of its team. */
export interface Asked {
  id: string;
  agentName: string;
  type: InterventionType;
  message: string;
  context?: Json;
  /** NORMAL when left out. */
  urgency?: InterventionUrgency | null;
  options: readonly Option[];
  /** Seconds. What is left out here and below comes from the team's configuration (behaviour 4.8, 4.9). */
  timeout?: number | null;
  autoContinue?: boolean | null;
  asyncMode?: boolean | null;
  responseSchema?: Json;
  /** The condition of the rule that asks; null: the agent asks by itself. */
  trigger: string | null;
  askedBy: Actor;
}

/**
 * Puts a request into the draft: the session waits for a person. QUEUE_FULL where the team has too many pending, exact
 * under any concurrency, for the write looks again (behaviour 4.1). The aggregate has the team's configuration.
 */
export function askInDraft(
  draft: Draft,
  aggregate: Aggregate,
  asked: Asked,
  now: Date,
): Outcome<Intervention> {
  const configuration = configurationOf(aggregate);
  const bound = queueBound(configuration);
  if (aggregate.queuePending >= bound)
    return deny('QUEUE_FULL', `the team has ${aggregate.queuePending} interventions pending`);
  const { session } = draft;
  const intervention = interventionOf(session, asked, askTerms(configuration, asked), now);
  put(draft, intervention);
  draft.session = {
    ...session,
    status: 'WAITING_FOR_HUMAN',
    currentInterventionId: draft.interventions.find(({ status }) => status === 'PENDING')!.id,
    interventionCount: session.interventionCount + 1,
    lastInterventionAt: now,
    lastActivity: now,
  };
  draft.agents.push({ name: asked.agentName });
  draft.queueBound = bound;
  draft.events.push({
    ...about(session, asked.askedBy, now),
    type: 'intervention_requested',
    subjectId: intervention.id,
    data: {
      agentName: intervention.agentName,
      type: intervention.type,
      urgency: intervention.urgency,
      expiresAt: intervention.expiresAt!.toISOString(),
      ...(asked.trigger === null ? {} : { trigger: asked.trigger }),
    },
  });
  return allow(intervention);
}

/** What is left of a project's cost, for options to be checked against; null where the budget was not read. */
export function costLeft(budget: BudgetState | null, now: Date): { day: bigint; month: bigint } | null {
  if (budget === null) return null;
  const state = rolled(budget, budget.timeZone, now);
  return { day: lineOf(state, 'COST_DAILY').remaining, month: lineOf(state, 'COST_MONTHLY').remaining };
}

/** A new intervention, its terms fixed here and now (behaviour 4.14). */
function interventionOf(
  session: { id: string; teamId: string; projectId: string },
  asked: Asked,
  terms: AskTerms,
  now: Date,
): Intervention {
  const timeout = asked.timeout ?? terms.timeout;
  return {
    id: asked.id,
    projectId: session.projectId,
    teamId: session.teamId,
    sessionId: session.id,
    agentName: asked.agentName,
    type: asked.type,
    urgency: asked.urgency ?? 'NORMAL',
    message: asked.message,
    context: plainObject(asked.context),
    options: asked.options as never,
    responseSchema: (asked.responseSchema ?? null) as never,
    trigger: asked.trigger,
    asyncMode: asked.asyncMode ?? terms.asyncMode,
    autoContinue: asked.autoContinue ?? terms.autoContinue,
    timeout,
    terms: terms.terms as never,
    createdAt: now,
    askedBy: { ...asked.askedBy },
    status: 'PENDING',
    resolution: null,
    escalationLevel: 0,
    escalations: [],
    requiredRole: 'OPERATOR',
    claimedBy: null,
    ...openWindow(now, timeout, terms.terms),
    frozenAt: null,
    frozenMs: 0,
    resolvedAt: null,
    resolvedById: null,
    response: null,
    receipt: null,
    delivery: 'UNANSWERED',
    acknowledgedAt: null,
    open: true,
  };
}
