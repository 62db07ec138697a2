import { personOf, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE, MAX_NAME } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import { actInSession } from './act.ts';
import type { SessionDeps } from './deps.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { about } from './rules.ts';

export interface TurnInput {
  agentName: string;
  input: string;
  response: string;
  idempotencyKey?: string | null;
}

/** Adds what an agent was told and said to the session's conversation. */
export async function appendConversationTurn(
  deps: SessionDeps,
  viewer: Viewer,
  sessionId: string,
  turn: TurnInput,
) {
  const faults = new Faults();
  faults.text(['turn', 'agentName'], turn.agentName, MAX_NAME, 1);
  faults.text(['turn', 'input'], turn.input, MAX_MESSAGE);
  faults.text(['turn', 'response'], turn.response, MAX_MESSAGE);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return actInSession(deps, viewer, {
    sessionId,
    agent: { name: turn.agentName },
    idempotency: idempotencyOf(viewer.credentialId, 'appendConversationTurn', { sessionId, ...turn }),
    decide(draft, { session }, now) {
      const id = deps.ids.next('turn');
      draft.turns.push({
        id,
        sessionId,
        agentName: turn.agentName,
        input: turn.input,
        response: turn.response,
        timestamp: now,
        saidById: personOf(viewer.actor),
      });
      draft.events.push({
        ...about(session, viewer.actor, now),
        type: 'conversation_turn_appended',
        subjectId: sessionId,
        data: { turnId: id, agentName: turn.agentName },
      });
      return { reply: { sessionId } };
    },
  });
}
