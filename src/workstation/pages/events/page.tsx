import './events.css';
import { useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { useLiveScope } from '../../live/context.tsx';
import { createStore, useStore } from '../../live/store.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { useKeys } from '../../parts/keys.ts';
import { Page } from '../../parts/page.tsx';
import { eventsTexts as words, texts } from '../../texts.ts';
import { EventEntry } from './event-entry.tsx';
import { Export } from './export.tsx';
import { Filters } from './filters.tsx';
import { eventsSearch, filterOf } from './search.ts';
import { MOST, openTrail, type Trail, type TrailState } from './trail.ts';

export default function EventsPage() {
  const search = eventsSearch(useSearch({ strict: false }));
  const key = JSON.stringify(search);
  return (
    <Page title={texts.pages.events}>
      <p className="faint">{words.lead}</p>
      <Filters key={`filters ${key}`} search={search} />
      <Log key={key} search={search} />
    </Page>
  );
}

const nothing = createStore<TrailState | null>(null);

/** The trail of this filter, for as long as it is drawn. */
function useTrail(filterKey: string): { trail: Trail | null; state: TrailState | null } {
  const live = useLiveScope();
  const [trail, setTrail] = useState<Trail | null>(null);
  useEffect(() => {
    const opened = openTrail(live, JSON.parse(filterKey));
    setTrail(opened);
    return () => opened.close();
  }, [live, filterKey]);
  return { trail, state: useStore<TrailState | null>(trail?.state ?? nothing) };
}

function Log({ search }: { search: ReturnType<typeof eventsSearch> }) {
  const filter = useMemo(() => filterOf(search), [search]);
  const { trail, state } = useTrail(JSON.stringify(filter));
  const { phase } = useStore(useLiveScope().connection);
  const toggle = () => trail?.pause(!state?.paused);
  useKeys(texts.pages.events, [{ keys: 'p', label: words.pauseKey, run: toggle }]);
  if (trail === null || state === null) return null;
  const { events, paused, fault } = state;
  return (
    <>
      <div className="trail-bar">
        <p role="status">
          {paused
            ? words.paused(state.waiting, state.more)
            : phase === 'live'
              ? words.following
              : words.waiting}
        </p>
        <button type="button" aria-pressed={paused} onClick={toggle}>
          {paused ? words.follow : words.pause}
        </button>
      </div>
      <Export filter={filter} />
      {state.again && <p className="notice notice-warn">{words.again}</p>}
      {fault && <FaultNotice fault={fault} stale={events !== null} />}
      {events === null && !fault && <p role="status">{texts.loading}</p>}
      {events?.length === 0 && <p>{words.empty}</p>}
      {events && events.length > 0 && (
        <ol className="trail" aria-label={words.list}>
          {events.toReversed().map((event) => (
            <EventEntry key={event.id} event={event} search={search} />
          ))}
        </ol>
      )}
      {events && events.length > 0 && <Older trail={trail} state={state} filtered={isFiltered(search)} />}
    </>
  );
}

const isFiltered = (search: ReturnType<typeof eventsSearch>): boolean =>
  Object.values(search).some((value) => value !== undefined && value.length > 0);

function Older({ trail, state, filtered }: { trail: Trail; state: TrailState; filtered: boolean }) {
  if (!state.older) return <p className="faint">{filtered ? words.noneOlder : words.noOlder}</p>;
  if ((state.events?.length ?? 0) >= MOST) return <p className="notice">{words.tooMany(MOST)}</p>;
  return (
    <button type="button" disabled={state.readingOlder} onClick={() => void trail.readOlder()}>
      {state.readingOlder ? texts.loading : words.older}
    </button>
  );
}
