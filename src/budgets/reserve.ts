import { idempotencyOf } from '../idempotency/idempotency.ts';
import type { Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import type { Answer } from './ledger-calls.ts';
import type { Ledger } from './ledger.ts';
import { costFault, MOST_TOKENS_AT_ONCE, tokensFault } from './limits.ts';

export interface ReserveInput {
  projectId: string;
  tokens: number;
  /** Dollars, with at most four places. */
  cost: string;
  ttlSeconds?: number | null;
  idempotencyKey?: string | null;
}

/** Seconds that a hold stands when its caller does not say. */
const TTL_SECONDS = 600;

/** Takes an estimate off what is free, before it is spent: all of it or nothing (behaviour 6.2). */
export async function reserveBudget(ledger: Ledger, viewer: Viewer, input: ReserveInput): Promise<Answer> {
  const faults = new Faults();
  tokensFault(faults, ['tokens'], input.tokens, MOST_TOKENS_AT_ONCE);
  const cost = costFault(faults, ['cost'], input.cost);
  faults.seconds(['ttlSeconds'], input.ttlSeconds);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const { projectId, tokens } = input;
  const idempotency = idempotencyOf(viewer.credentialId, 'reserveBudget', input);
  const ttlSeconds = input.ttlSeconds ?? TTL_SECONDS;
  return ledger({ kind: 'reserve', viewer, projectId, tokens, cost, ttlSeconds, idempotency });
}
