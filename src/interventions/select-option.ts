import type { Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { fingerprintOf } from '../idempotency/idempotency.ts';
import { answerIntervention } from './answer-intervention.ts';

export interface SelectOptionInput {
  optionId: string;
  customInput?: string | null;
  reasoning?: string | null;
}

/** Chooses one of the options; one of category ESCALATION escalates instead (behaviour 4.3, 4.5). */
export async function selectInterventionOption(
  deps: SessionDeps,
  viewer: Viewer,
  id: string,
  input: SelectOptionInput,
) {
  const faults = new Faults();
  faults.text(['customInput'], input.customInput, MAX_MESSAGE);
  faults.text(['reasoning'], input.reasoning, MAX_MESSAGE);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return answerIntervention(deps, viewer, id, {
    idempotency: null,
    answer: {
      responseType: 'select_option',
      content: '',
      optionId: input.optionId,
      customInput: input.customInput ?? null,
      reasoning: input.reasoning ?? null,
      modifications: null,
      answer: undefined,
      metadata: {},
      escalationLevel: null,
      // No form, and no modifications: only the option can be at fault, also with a level in its metadata.
      paths: {
        modifications: ['optionId'],
        answer: ['optionId'],
        option: ['optionId'],
        level: ['optionId'],
      },
      formRequired: false,
      mayRevive: false,
      fingerprint: fingerprintOf({ mutation: 'selectInterventionOption', id, ...input }),
    },
  });
}
