import { Link } from '@tanstack/react-router';
import { type LedgerEntry, ledger } from '../../decision/ledger.ts';
import { useStore } from '../../live/store.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { texts } from '../../texts.ts';

const SHOWN = 5;
const BADGE: Record<LedgerEntry['state'], string> = {
  sending: 'badge',
  waiting: 'badge badge-warn',
  done: 'badge badge-good',
  late: 'badge badge-bad',
  refused: 'badge badge-bad',
  failed: 'badge badge-bad',
};

/** What became of what one decided: said to screen readers too, as it comes. */
export function LatestDecisions() {
  const entries = useStore(ledger);
  if (entries.length === 0) return null;
  return (
    <section className="latest" aria-label={texts.inbox.latest}>
      <h2>{texts.inbox.latest}</h2>
      <ul aria-live="polite">
        {entries.slice(0, SHOWN).map((entry) => (
          <li key={entry.key} data-decision={entry.id} data-state={entry.state}>
            <span className={BADGE[entry.state]}>{texts.decision.states[entry.state]}</span>{' '}
            <strong>{texts.decision.said[entry.verdict.kind]}</strong>{' '}
            <Link
              to={entry.id.startsWith('intervention_') ? '/interventions/$id' : '/approvals/$id'}
              params={{ id: entry.id }}
              preload={false}
            >
              <UntrustedText text={entry.title} inline />
            </Link>{' '}
            {entry.words !== '' && <UntrustedText text={entry.words} inline />}{' '}
            {entry.outcome !== '' && <span className="faint">{entry.outcome}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
