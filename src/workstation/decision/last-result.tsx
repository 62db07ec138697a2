import { useStore } from '../live/store.ts';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import { type DecisionResult, ledger } from './ledger.ts';

/**
 * What came of the last attempt at this item, in the words of whoever turned it down: of the one that was made here, else
 * of the newest that this person made at all, which outlasts the panel that it was made in.
 */
export function LastResult({ itemId, last = null }: { itemId: string; last?: DecisionResult | null }) {
  const attempt = useStore(ledger).find(({ id }) => id === itemId);
  if (attempt?.state === 'sending' || attempt?.state === 'waiting')
    return <p role="status">{texts.decision.states[attempt.state]}</p>;
  const shown = last ?? attempt ?? null;
  if (shown === null || (shown.state === 'done' && shown.words === '')) return null;
  return (
    <p className={shown.state === 'done' ? 'notice notice-good' : 'notice notice-bad'} role="alert">
      {shown.state !== 'done' && <strong>{texts.decision.states[shown.state]}: </strong>}
      <UntrustedText text={shown.words} inline />
    </p>
  );
}
