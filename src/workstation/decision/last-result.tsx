import { texts } from '../texts.ts';
import type { DecisionResult } from './ledger.ts';

/** What came of the last attempt, in the words of whoever turned it down. */
export function LastResult({ last, busy }: { last: DecisionResult | null; busy: boolean }) {
  if (busy) return <p role="status">{texts.decision.states.sending}</p>;
  if (last === null || (last.state === 'done' && last.words === '')) return null;
  return (
    <p className={last.state === 'done' ? 'notice notice-good' : 'notice notice-bad'} role="alert">
      {last.state !== 'done' && <strong>{texts.decision.states[last.state]}: </strong>}
      {last.words}
    </p>
  );
}
