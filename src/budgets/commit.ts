import type { Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import type { Answer } from './ledger-calls.ts';
import type { Ledger } from './ledger.ts';
import { costFault, MOST_TOKENS_AT_ONCE, tokensFault } from './limits.ts';

/**
 * Settles a reservation with what was really spent, in full, also late or beyond what was held (behaviour 6.3). Again
 * with the same figures: the first result.
 */
export async function commitBudget(
  ledger: Ledger,
  viewer: Viewer,
  { reservationId, tokens, cost: dollars }: { reservationId: string; tokens: number; cost: string },
): Promise<Answer> {
  const faults = new Faults();
  tokensFault(faults, ['tokens'], tokens, MOST_TOKENS_AT_ONCE);
  const cost = costFault(faults, ['cost'], dollars);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return ledger({ kind: 'commit', viewer, reservationId, tokens, cost });
}
