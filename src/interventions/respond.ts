import type { Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE, MAX_NAME } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import { type Json, plainObject } from '../kernel/json.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { fingerprintOf } from '../idempotency/idempotency.ts';
import type { Answer, AnswerPaths } from './answer.ts';
import { answerIntervention } from './answer-intervention.ts';

export interface RespondInput {
  responseText: string;
  responseType: string;
  metadata?: Json;
  answer?: Json;
}

/** Answers in a person's own words (behaviour 4.3, 4.7). */
export async function provideCustomResponse(
  deps: SessionDeps,
  viewer: Viewer,
  id: string,
  input: RespondInput,
) {
  const faults = new Faults();
  faults.text(['responseText'], input.responseText, MAX_MESSAGE);
  faults.text(['responseType'], input.responseType, MAX_NAME, 1);
  faults.jsonObject(['metadata'], input.metadata);
  faults.json(['answer'], input.answer);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return answerIntervention(deps, viewer, id, {
    idempotency: null,
    answer: customAnswer(input, fingerprintOf({ mutation: 'provideCustomResponse', id, ...input }), {
      modifications: ['responseText'],
      answer: ['answer'],
      // This door takes none.
      option: ['responseType'],
      level: ['responseType'],
    }),
  });
}

/** Approve, reject, modify (the text is the modification) and escalate by their names; anything else is a response. */
export function customAnswer(
  { responseText, responseType, metadata, answer }: RespondInput,
  fingerprint: string,
  paths: AnswerPaths,
): Answer {
  const named = responseType.trim().toLowerCase();
  // The names of what only the system does are not a person's to give.
  const type = named === 'auto_continue' || named === 'select_option' ? `custom_${named}` : named;
  return {
    responseType: type,
    content: responseText,
    optionId: null,
    customInput: null,
    // A custom response's text is its reasoning (behaviour 4.5).
    reasoning: responseText || null,
    modifications: type === 'modify' && responseText.trim() !== '' ? responseText : null,
    answer,
    metadata: plainObject(metadata),
    escalationLevel: null,
    paths,
    formRequired: type !== 'escalate',
    mayRevive: false,
    fingerprint,
  };
}
