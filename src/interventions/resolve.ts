import type { Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { fingerprintOf, idempotencyOf } from '../idempotency/idempotency.ts';
import { answerIntervention } from './answer-intervention.ts';

export interface ResolveInput {
  resolutionType: 'APPROVE' | 'REJECT' | 'MODIFY' | 'ESCALATE';
  reasoning?: string | null;
  modifications?: Json;
  answer?: Json;
  escalationLevel?: number | null;
  idempotencyKey?: string | null;
}

const contents = {
  APPROVE: 'Approved',
  REJECT: 'Rejected',
  MODIFY: 'Approved with modifications',
  ESCALATE: 'Escalated',
};

/** Approves, rejects, modifies or escalates (behaviour 4.3). */
export async function resolveIntervention(
  deps: SessionDeps,
  viewer: Viewer,
  id: string,
  input: ResolveInput,
) {
  const faults = new Faults();
  faults.text(['resolution', 'reasoning'], input.reasoning, MAX_MESSAGE);
  faults.json(['resolution', 'modifications'], input.modifications);
  faults.json(['resolution', 'answer'], input.answer);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return answerIntervention(deps, viewer, id, {
    idempotency: idempotencyOf(viewer.credentialId, 'resolveIntervention', { id, ...input }),
    answer: {
      responseType: input.resolutionType.toLowerCase(),
      content: input.reasoning ?? contents[input.resolutionType],
      optionId: null,
      customInput: null,
      reasoning: input.reasoning ?? null,
      modifications: input.modifications ?? null,
      answer: input.answer,
      metadata: {},
      escalationLevel: input.escalationLevel ?? null,
      paths: {
        modifications: ['resolution', 'modifications'],
        answer: ['resolution', 'answer'],
        // This door takes none.
        option: ['resolution'],
        level: ['resolution', 'escalationLevel'],
      },
      formRequired: false,
      mayRevive: false,
      fingerprint: fingerprintOf({ mutation: 'resolveIntervention', id, ...input }),
    },
  });
}
