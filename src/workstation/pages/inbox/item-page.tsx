import { Link, useParams } from '@tanstack/react-router';
import { useMemo } from 'react';
import { ledger } from '../../decision/ledger.ts';
import { DecisionPanel } from '../../decision/panel.tsx';
import { useViewer } from '../../live/context.tsx';
import { useStore } from '../../live/store.ts';
import { Page } from '../../parts/page.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { arrange } from '../../queue/arrange.ts';
import { useQueueState } from '../../queue/context.tsx';
import type { Item } from '../../queue/item.ts';
import { usePlaces } from '../../queue/places.ts';
import { texts } from '../../texts.ts';
import { lastView } from './last-view.ts';

/** An item by itself, as links from elsewhere lead to it: with the way to the others. */
export function ItemPage({ title }: { title: string }) {
  const { id = '' } = useParams({ strict: false });
  const view = useStore(lastView);
  const next = useNext(id);
  return (
    <Page
      title={title}
      aside={
        <Link to="/inbox" search={view} preload={false}>
          {texts.inbox.back}
        </Link>
      }
    >
      <DecisionPanel key={id} id={id} />
      {next !== null && (
        <p className="notice next-item">
          {texts.inbox.nextItem}{' '}
          <Link
            to={next.kind === 'intervention' ? '/interventions/$id' : '/approvals/$id'}
            params={{ id: next.id }}
            preload={false}
          >
            <UntrustedText text={next.title.replaceAll(/\s+/g, ' ').slice(0, 120)} inline />
          </Link>
        </p>
      )}
    </Page>
  );
}

/** What waits next in the order of the inbox, once this one waits no more for whoever looks; else null. */
function useNext(id: string): Item | null {
  const viewer = useViewer();
  const view = useStore(lastView);
  const places = usePlaces();
  const { items, progress } = useQueueState();
  const said = useStore(ledger).some((entry) => entry.id === id && entry.state === 'done');
  const over = said || (progress === null && !items.some((item) => item.id === id));
  return useMemo(() => {
    if (!over) return null;
    const looking = { viewerId: viewer.id, has: viewer.has, nameOf: (place: string) => places.get(place) };
    const waiting = arrange(items, { ...view, able: true }, looking).flatMap((group) => group.items);
    return waiting.find((item) => item.id !== id) ?? null;
  }, [over, items, view, viewer, places, id]);
}
