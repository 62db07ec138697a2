import type { InterventionType, InterventionUrgency } from '../generated/prisma/enums.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE, MAX_NAME, MAX_OPTIONS } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import { type Json, plainObject } from '../kernel/json.ts';
import { schemaFault } from '../kernel/json-schema.ts';
import { type Aggregate, configurationOf } from '../sessions/aggregate.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { begin, toChange } from '../sessions/draft.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { mayAct } from '../sessions/rules.ts';
import { checkedOptions, costOf, generatedOptions } from '../triggers/options.ts';
import { askInDraft, costLeft } from './ask.ts';
import type { Option, OptionCategory } from './option.ts';
import { askTerms } from './terms.ts';

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
    withBudget: speaksOfMoney(input),
    idempotency: idempotencyOf(viewer.credentialId, 'requestIntervention', input),
    decide(aggregate, now) {
      if (aggregate === null || !inScope(viewer, aggregate.session.projectId)) {
        return { refusal: [{ code: 'NOT_FOUND', message: 'there is no such session', path: ['sessionId'] }] };
      }
      const able = mayAct(aggregate.session);
      if (!able.ok) return { refusal: [able.error] };
      const draft = begin(aggregate);
      const room = askInDraft(
        draft,
        aggregate,
        {
          ...input,
          id: deps.ids.next('intervention'),
          options: optionsFor(aggregate, input, now),
          trigger: null,
          askedBy: viewer.actor,
        },
        now,
      );
      if (!room.ok) return { refusal: [room.error] };
      return {
        change: toChange(aggregate, draft, viewer.actor, now),
        reply: { interventionId: room.value.id },
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

/**
 * What the agent offers; where it says nothing and its team has a configuration, the options of the type (behaviour 8.6).
 * Each is checked against what may be spent and whom there is to ask.
 */
function optionsFor(aggregate: Aggregate, input: RequestInput, now: Date): Option[] {
  const { agentName, type, options } = input;
  const configuration = configurationOf(aggregate);
  const { levels } = askTerms(configuration, input).terms.escalation;
  const limits = { left: costLeft(aggregate.budget, now), levels: levels.length };
  const given = options ?? null;
  if (given !== null) return checkedOptions(given.map(toOption), limits);
  if (configuration === null) return [];
  const context = plainObject(input.context);
  const event = { agentName, type, input: null, output: null, metrics: {}, context };
  return checkedOptions(generatedOptions(type, null, event), limits);
}

/** Whether some option may say what it costs: only then is the budget read. */
const speaksOfMoney = ({ options, context }: RequestInput): boolean =>
  (options ?? [{ metadata: context }]).some(({ metadata }) => costOf(plainObject(metadata)) !== null);

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
