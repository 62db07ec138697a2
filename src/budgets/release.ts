import type { Viewer } from '../identity/viewer.ts';
import type { Answer } from './ledger-calls.ts';
import type { Ledger } from './ledger.ts';

/** Gives back what a reservation holds. One that holds nothing any more is answered as it stands (behaviour 6.3). */
export const releaseBudget = (ledger: Ledger, viewer: Viewer, reservationId: string): Promise<Answer> =>
  ledger({ kind: 'release', viewer, reservationId });
