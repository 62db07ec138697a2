import type { Intervention } from '../generated/prisma/client.ts';
import { systemActor } from '../identity/viewer.ts';
import type { Draft } from '../sessions/draft.ts';
import { put } from '../sessions/draft.ts';
import { about, afterSettling } from '../sessions/rules.ts';
import { afterReminder, type ClockMove, clockMoves, isDue, waitForLevelOne } from './deadlines.ts';
import { optionsOf } from './option.ts';
import type { HumanResponse } from './response.ts';
import { escalated, expired } from './rules.ts';
import { settle } from './settle.ts';

/**
 * Does what the clock had due on an intervention by `now`, so that whatever is decided next is decided on the state
 * that the deadlines prescribe, whether or not the sweep has come by yet (behaviour 4.8, 4.12). True: something was due.
 */
export function advance(draft: Draft, intervention: Intervention, now: Date): boolean {
  const moves = clockMoves(intervention, now);
  let current = intervention;
  for (const move of moves) current = apply(draft, current, move, now);
  // A stop that lifts wakes the clock for what has reminders left, though none of them need be due yet.
  if (moves.length === 0 && isDue(intervention, now)) {
    current = { ...intervention, ...afterReminder(intervention, intervention.reminded) };
    put(draft, current);
    return true;
  }
  return moves.length > 0;
}

function apply(draft: Draft, intervention: Intervention, move: ClockMove, now: Date): Intervention {
  const event = (
    type: 'intervention_reminder' | 'timeout_occurred' | 'escalation_triggered' | 'auto_continue_triggered',
    data: object,
  ) =>
    draft.events.push({
      ...about(draft.session, systemActor, now),
      type,
      subjectId: intervention.id,
      data: { ...data },
    });
  switch (move.kind) {
    case 'reminded': {
      const { level, fraction } = move;
      event('intervention_reminder', {
        level,
        role: intervention.requiredRole,
        fraction,
        respondBy: intervention.expiresAt!.toISOString(),
      });
      const reminded = { ...intervention, ...afterReminder(intervention, move.reminded) };
      put(draft, reminded);
      return reminded;
    }
    case 'window_ended': {
      event('timeout_occurred', { level: move.level, dueAt: move.at.toISOString() });
      const waiting = { ...intervention, ...waitForLevelOne(intervention) };
      put(draft, waiting);
      return waiting;
    }
    case 'climbed': {
      const reason = 'no answer in time';
      const raised = escalated(
        intervention,
        move.level,
        { reason, automatic: true, escalatedBy: systemActor },
        move.at,
      );
      event('escalation_triggered', {
        level: move.level,
        role: raised.requiredRole,
        reason,
        automatic: true,
      });
      put(draft, raised);
      return raised;
    }
    case 'continued': {
      event('auto_continue_triggered', { dueAt: move.at.toISOString() });
      settle(draft, intervention, autoResponse(intervention, now), systemActor, null, now);
      return draft.interventions.find(({ id }) => id === intervention.id)!;
    }
    case 'expired': {
      const over = expired(intervention, now);
      put(draft, over);
      draft.session = afterSettling(
        draft.session,
        draft.interventions,
        { unanswered: true, answeredAsync: false, answered: false },
        now,
      );
      return over;
    }
  }
}

/** The clock's own answer: the recommended option, or none (behaviour 4.10). A disabled one is nobody's default. */
function autoResponse(intervention: Intervention, now: Date): HumanResponse {
  const option =
    optionsOf(intervention).find(({ recommended, disabled }) => recommended && !disabled) ?? null;
  return {
    responseType: 'auto_continue',
    content: option ? `Selected option: ${option.label}` : 'Continued without an answer',
    selectedOption: option,
    customInput: null,
    reasoning: null,
    modifications: null,
    answer: null,
    metadata: {},
    respondedBy: systemActor,
    timestamp: now.toISOString(),
  };
}
