import { resourceExhausted } from '../emergency/conditions.ts';
import type { Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE, MAX_NAME } from '../kernel/bounds.ts';
import { DomainError, type UserError } from '../kernel/errors.ts';
import { type Json, plainObject } from '../kernel/json.ts';
import { actInSession } from './act.ts';
import { configurationOf } from './aggregate.ts';
import type { SessionDeps } from './deps.ts';
import { type Idempotency, idempotencyOf } from '../idempotency/idempotency.ts';
import { about } from './rules.ts';
import { askWhereTriggered } from '../triggers/ask.ts';
import type { ReportedEvent } from '../triggers/values.ts';

export interface ReportInput {
  sessionId: string;
  agentName: string;
  type: string;
  input?: string | null;
  output?: string | null;
  metrics?: Json;
  context?: Json;
  idempotencyKey?: string | null;
}

export type Directive = 'CONTINUE' | 'PAUSE' | 'HALT';

/** `interventionId`: what PAUSE waits for. */
export type ReportReply = { directive: Directive; interventionId: string | null };

const GO_ON: ReportReply = { directive: 'CONTINUE', interventionId: null };

/**
 * What an agent did or met, held against its team's triggers (behaviour 8.4). PAUSE: one asks, in this very change, or
 * asked before and still waits. HALT: the session is halted (7.2), and the report is not recorded: it can be made once
 * the session goes on, under the same key; or the report itself stops the project (7.1). Refusals: INVALID_INPUT for
 * bounds (10.3), INVALID_STATE once the session has ended, QUEUE_FULL where a trigger asks and the team has too many
 * pending (4.1): nothing is recorded then, and the report is made again later.
 */
export async function reportExecutionEvent(deps: SessionDeps, viewer: Viewer, input: ReportInput) {
  const faults = reportFaults(input);
  if (faults.length > 0) throw new DomainError(faults);
  const { sessionId } = input;
  const idempotency = idempotencyOf(viewer.credentialId, 'reportExecutionEvent', input);
  return report(deps, viewer, { sessionId, event: eventOf(input), idempotency, always: true });
}

/** What of a report is out of bounds (10.3). */
export function reportFaults(input: Omit<ReportInput, 'sessionId'>): UserError[] {
  const faults = new Faults();
  faults.text(['agentName'], input.agentName, MAX_NAME, 1);
  faults.text(['type'], input.type, MAX_NAME, 1);
  faults.text(['input'], input.input, MAX_MESSAGE);
  faults.text(['output'], input.output, MAX_MESSAGE);
  faults.jsonObject(['metrics'], input.metrics);
  faults.jsonObject(['context'], input.context);
  return faults.errors;
}

/**
 * What Holdpoint itself reports of a step that one of its runners takes, once for each `step`, which is unique within
 * the session. A team without a configuration has no triggers: nothing is written then.
 */
export async function reportStep(
  deps: SessionDeps,
  viewer: Viewer,
  { sessionId, step, event }: { sessionId: string; step: string; event: ReportedEvent },
): Promise<ReportReply> {
  const idempotency = idempotencyOf(viewer.credentialId, 'reportExecutionEvent', {
    ...event,
    idempotencyKey: step,
  });
  return (await report(deps, viewer, { sessionId, event, idempotency, always: false })).reply;
}

interface Reported {
  sessionId: string;
  event: ReportedEvent;
  idempotency: Idempotency | null;
  /** Also recorded where no configuration could have a trigger for it. */
  always: boolean;
}

function report(deps: SessionDeps, viewer: Viewer, { sessionId, event, idempotency, always }: Reported) {
  return actInSession<ReportReply>(deps, viewer, {
    sessionId,
    whenHalted: { directive: 'HALT', interventionId: null },
    withConfiguration: true,
    withBudget: true,
    agent: { name: event.agentName },
    idempotency,
    decide(draft, aggregate, now) {
      if (!always && configurationOf(aggregate) === null) return { reply: GO_ON, unchanged: true };
      const signal = resourceExhausted(event.metrics, event.agentName, viewer.actor);
      if (signal !== null) draft.signals.push(signal);
      draft.events.push({
        ...about(aggregate.session, viewer.actor, now),
        type: 'execution_reported',
        subjectId: aggregate.session.id,
        data: { ...event },
      });
      // The project is stopped by the time that this is heard (behaviour 7.1): a person is asked about the stop.
      if (signal !== null) return { reply: { directive: 'HALT', interventionId: null } };
      const asked = askWhereTriggered(deps.ids, draft, aggregate, event, viewer.actor, now);
      if (asked === null) return { reply: GO_ON };
      if (!asked.ok) return { refusal: [asked.error] };
      return { reply: { directive: 'PAUSE', interventionId: asked.value.id } };
    },
  });
}

const eventOf = (input: ReportInput): ReportedEvent => ({
  agentName: input.agentName,
  type: input.type,
  input: input.input ?? null,
  output: input.output ?? null,
  metrics: plainObject(input.metrics),
  context: plainObject(input.context),
});
