import type { Intervention } from '../generated/prisma/client.ts';
import type { Actor } from '../identity/viewer.ts';
import { plainObject } from '../kernel/json.ts';
import { type Draft, put } from '../sessions/draft.ts';
import { about, afterSettling, isExternal, isHalted, resumed, waitsForHuman } from '../sessions/rules.ts';
import { foldResponse, type HumanResponse, type Receipt, resolutionOf } from './response.ts';
import { answered, escalatedByHand } from './rules.ts';

/**
 * Takes an answer in: the intervention is settled, the answer folded into the session's context, the session moved out
 * of its wait where this was the last one, and its runner told. True: the session was resumed (behaviour 3.6).
 */
export function settle(
  draft: Draft,
  intervention: Intervention,
  response: HumanResponse,
  actor: Actor,
  receipt: Omit<Receipt, 'sessionResumed'> | null,
  now: Date,
): boolean {
  const resolution = resolutionOf(response.responseType);
  const revives = intervention.status === 'TIMEOUT';
  put(draft, answered(intervention, response, resolution, null, now));
  const waited = waitsForHuman(draft.session);
  const async = intervention.asyncMode;
  draft.session = revives
    ? revive(draft, intervention, async, now)
    : afterSettling(
        draft.session,
        draft.interventions,
        { unanswered: false, answeredAsync: async, answered: true },
        now,
      );
  draft.session = {
    ...draft.session,
    context: foldResponse(plainObject(draft.session.context), response, escalatedByHand(intervention)),
  };
  draft.contextChanged = true;
  draft.starts ||= revives;
  const sessionResumed =
    (waited || revives) &&
    !waitsForHuman(draft.session) &&
    !isHalted(draft.session) &&
    draft.session.status !== 'TIMEOUT';
  put(draft, answered(intervention, response, resolution, receipt && { ...receipt, sessionResumed }, now));
  draft.drive ||= !isExternal(draft.session);
  draft.events.push({
    ...about(draft.session, actor, now),
    type: 'intervention_resolved',
    subjectId: intervention.id,
    data: {
      resolution,
      responseType: response.responseType,
      option: response.selectedOption?.id ?? null,
      revived: revives,
    },
  });
  return sessionResumed;
}

/** An answer after all was given up (behaviour 3.7). Others that went unanswered are over: their runner is told so. */
function revive(draft: Draft, intervention: Intervention, async: boolean, now: Date): Draft['session'] {
  for (const other of draft.interventions) {
    if (other.id === intervention.id || other.status !== 'TIMEOUT' || !other.open) continue;
    put(draft, { ...other, open: false, delivery: isExternal(draft.session) ? other.delivery : 'PENDING' });
  }
  const answeredAsync = draft.session.answeredAsync || async;
  return resumed({ ...draft.session, answeredAsync, unanswered: false, lastActivity: now }, true);
}
