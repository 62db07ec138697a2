import { useEffect, useRef } from 'react';
import { DecisionPanel } from '../../decision/panel.tsx';
import { Page } from '../../parts/page.tsx';
import { texts } from '../../texts.ts';
import { LatestDecisions } from './latest-decisions.tsx';

/** One item in the list's place, where there is no room for both. */
export function OneItem({
  id,
  onBack,
  onDecided,
}: {
  id: string;
  onBack: () => void;
  onDecided: () => void;
}) {
  const section = useRef<HTMLElement>(null);
  // Whoever reads with a keyboard or a screen reader goes on from its beginning.
  useEffect(() => section.current?.focus(), []);
  const title = id.startsWith('intervention_') ? texts.pages.intervention : texts.pages.approval;
  return (
    <section ref={section} className="inbox" aria-label={title} tabIndex={-1}>
      <Page
        title={title}
        aside={
          <button type="button" className="quiet" onClick={onBack}>
            {texts.inbox.back}
          </button>
        }
      >
        <DecisionPanel id={id} onDecided={onDecided} />
        <LatestDecisions />
      </Page>
    </section>
  );
}
