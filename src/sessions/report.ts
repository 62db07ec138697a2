import { resourceExhausted } from '../emergency/conditions.ts';
import type { Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE, MAX_NAME } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import { type Json, plainObject } from '../kernel/json.ts';
import { actInSession } from './act.ts';
import type { SessionDeps } from './deps.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { about } from './rules.ts';

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

/**
 * What an agent did or met. A team without a configuration answers CONTINUE (behaviour 8.4). In a halted session the answer
 * is HALT (7.2), and the report is not recorded: it can be made once the session goes on, under the same key.
 */
export async function reportExecutionEvent(deps: SessionDeps, viewer: Viewer, input: ReportInput) {
  const faults = new Faults();
  faults.text(['agentName'], input.agentName, MAX_NAME, 1);
  faults.text(['type'], input.type, MAX_NAME, 1);
  faults.text(['input'], input.input, MAX_MESSAGE);
  faults.text(['output'], input.output, MAX_MESSAGE);
  faults.jsonObject(['metrics'], input.metrics);
  faults.jsonObject(['context'], input.context);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return actInSession<{ directive: Directive }>(deps, viewer, {
    sessionId: input.sessionId,
    whenHalted: { directive: 'HALT' },
    agent: { name: input.agentName },
    idempotency: idempotencyOf(viewer.credentialId, 'reportExecutionEvent', input),
    decide(draft, { session }, now) {
      const { agentName, type } = input;
      const signal = resourceExhausted(plainObject(input.metrics), agentName, viewer.actor);
      if (signal !== null) draft.signals.push(signal);
      draft.events.push({
        ...about(session, viewer.actor, now),
        type: 'execution_reported',
        subjectId: session.id,
        data: {
          agentName,
          type,
          input: input.input ?? null,
          output: input.output ?? null,
          metrics: plainObject(input.metrics),
          context: plainObject(input.context),
        },
      });
      // The project is stopped by the time that this is heard (behaviour 7.1).
      return { reply: { directive: signal === null ? 'CONTINUE' : 'HALT' } };
    },
  });
}
