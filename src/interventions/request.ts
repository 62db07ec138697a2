import type { Intervention } from '../generated/prisma/client.ts';
import type { InterventionType, InterventionUrgency } from '../generated/prisma/enums.ts';
import { type Actor, inScope, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE, MAX_NAME, MAX_OPTIONS } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import { type Json, plainObject } from '../kernel/json.ts';
import { schemaFault } from '../kernel/json-schema.ts';
import { configurationOf } from '../sessions/aggregate.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { begin, put, toChange } from '../sessions/draft.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { about, mayAct } from '../sessions/rules.ts';
import { firstWindow } from './deadlines.ts';
import type { Option, OptionCategory } from './option.ts';
import { askTerms, type AskTerms, queueBound } from './terms.ts';

export interface OptionInput {
  id: string;
  label: string;
  description: string;
  value: string;
  category?: OptionCategory | null;
  metadata?: Json;
  recommended?: boolean | null;
  disabled?: boolean | null;
}

export interface RequestInput {
  sessionId: string;
  agentName: string;
  type: InterventionType;
  message: string;
  context?: Json;
  urgency?: InterventionUrgency | null;
  options?: OptionInput[] | null;
  timeout?: number | null;
  autoContinue?: boolean | null;
  asyncMode?: boolean | null;
  responseSchema?: Json;
  idempotencyKey?: string | null;
}

/**
 * An agent asks; its session waits for a person. Refusals: INVALID_INPUT for bounds (10.3), INVALID_STATE once the
 * session has ended, QUEUE_FULL, exact under any concurrency (4.1).
 */
export async function requestIntervention(deps: SessionDeps, viewer: Viewer, input: RequestInput) {
  const faults = checkRequest(input);
  if (faults.length > 0) throw new DomainError(faults);
  return deps.changeSession<{ interventionId: string }>({
    sessionId: input.sessionId,
    withConfiguration: true,
    idempotency: idempotencyOf(viewer.credentialId, 'requestIntervention', input),
    decide(aggregate, now) {
      if (aggregate === null || !inScope(viewer, aggregate.session.projectId)) {
        return { refusal: [{ code: 'NOT_FOUND', message: 'there is no such session', path: ['sessionId'] }] };
      }
      const able = mayAct(aggregate.session);
      if (!able.ok) return { refusal: [able.error] };
      const configuration = configurationOf(aggregate);
      const bound = queueBound(configuration);
      if (aggregate.queuePending >= bound) {
        return {
          refusal: [
            { code: 'QUEUE_FULL', message: `the team has ${aggregate.queuePending} interventions pending` },
          ],
        };
      }
      const draft = begin(aggregate);
      const { session } = aggregate;
      const intervention = asked(
        deps.ids.next('intervention'),
        session,
        { input, terms: askTerms(configuration), askedBy: viewer.actor },
        now,
      );
      put(draft, intervention);
      draft.session = {
        ...session,
        status: 'WAITING_FOR_HUMAN',
        currentInterventionId: draft.interventions.find(({ status }) => status === 'PENDING')!.id,
        interventionCount: session.interventionCount + 1,
        lastInterventionAt: now,
        lastActivity: now,
      };
      draft.agents.push({ name: input.agentName });
      draft.queueBound = bound;
      draft.events.push({
        ...about(session, viewer.actor, now),
        type: 'intervention_requested',
        subjectId: intervention.id,
        data: {
          agentName: intervention.agentName,
          type: intervention.type,
          urgency: intervention.urgency,
          expiresAt: intervention.expiresAt!.toISOString(),
        },
      });
      return {
        change: toChange(aggregate, draft, viewer.actor, now),
        reply: { interventionId: intervention.id },
      };
    },
  });
}

function checkRequest(input: RequestInput): Faults['errors'] {
  const faults = new Faults();
  faults.text(['agentName'], input.agentName, MAX_NAME, 1);
  faults.text(['message'], input.message, MAX_MESSAGE, 1);
  faults.jsonObject(['context'], input.context);
  faults.seconds(['timeout'], input.timeout);
  if (input.responseSchema !== null && input.responseSchema !== undefined) {
    faults.json(['responseSchema'], input.responseSchema);
    const fault = faults.errors.length === 0 ? schemaFault(input.responseSchema) : null;
    if (fault !== null) faults.add(['responseSchema'], `responseSchema ${fault}`);
  }
  const options = input.options ?? [];
  if (options.length > MAX_OPTIONS) faults.add(['options'], `options must be at most ${MAX_OPTIONS}`);
  const seen = new Set<string>();
  options.slice(0, MAX_OPTIONS).forEach((option, at) => {
    const path = ['options', String(at)];
    faults.text([...path, 'id'], option.id, MAX_NAME, 1);
    faults.text([...path, 'label'], option.label, MAX_MESSAGE, 1);
    faults.text([...path, 'description'], option.description, MAX_MESSAGE);
    faults.text([...path, 'value'], option.value, MAX_MESSAGE);
    faults.jsonObject([...path, 'metadata'], option.metadata);
    if (seen.has(option.id))
      faults.add([...path, 'id'], `the option id ${JSON.stringify(option.id)} is repeated`);
    seen.add(option.id);
  });
  return faults.errors;
}

/** A new intervention, its terms fixed here and now (behaviour 4.14). */
function asked(
  id: string,
  session: { id: string; teamId: string; projectId: string },
  { input, terms, askedBy }: { input: RequestInput; terms: AskTerms; askedBy: Actor },
  now: Date,
): Intervention {
  const timeout = input.timeout ?? terms.timeout;
  return {
    id,
    projectId: session.projectId,
    teamId: session.teamId,
    sessionId: session.id,
    agentName: input.agentName,
    type: input.type,
    urgency: input.urgency ?? 'NORMAL',
    message: input.message,
    context: plainObject(input.context),
    options: (input.options ?? []).map(toOption) as never,
    responseSchema: (input.responseSchema ?? null) as never,
    trigger: null,
    asyncMode: input.asyncMode ?? terms.asyncMode,
    autoContinue: input.autoContinue ?? terms.autoContinue,
    timeout,
    terms: terms.terms as never,
    createdAt: now,
    askedBy: { ...askedBy },
    status: 'PENDING',
    resolution: null,
    escalationLevel: 0,
    escalations: [],
    requiredRole: 'OPERATOR',
    claimedBy: null,
    ...firstWindow(now, timeout),
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

const toOption = (input: OptionInput): Option => ({
  id: input.id,
  label: input.label,
  description: input.description,
  value: input.value,
  category: input.category ?? 'SELECTION',
  metadata: plainObject(input.metadata),
  recommended: input.recommended ?? false,
  disabled: input.disabled ?? false,
  disabledReason: input.disabled ? 'disabled by the agent' : null,
});
