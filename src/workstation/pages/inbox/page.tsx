import './inbox.css';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { AnnounceSettings } from './announce-settings.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { Filters } from './filters.tsx';
import { ItemRow } from './item-row.tsx';
import { lastView } from './last-view.ts';
import { LatestDecisions } from './latest-decisions.tsx';
import { OneItem } from './one-item.tsx';
import type { InboxSearch } from './search.ts';
import { DecisionPanel } from '../../decision/panel.tsx';
import { useViewer } from '../../live/context.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { useKeys } from '../../parts/keys.ts';
import { plainly } from '../../parts/marks.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { Page } from '../../parts/page.tsx';
import { useWide } from '../../parts/use-wide.ts';
import { VirtualList } from '../../parts/virtual-list.tsx';
import { arrange, facetsOf, placeOf, type View } from '../../queue/arrange.ts';
import { useQueueState } from '../../queue/context.tsx';
import type { Item } from '../../queue/item.ts';
import { usePlaces } from '../../queue/places.ts';
import { texts } from '../../texts.ts';

const HEAD = 40;
/** As high as most are: each is as high as what it shows. */
const ROW = 72;

type Row = { key: string; height: number } & (
  | { head: { label: string; count: number } }
  | { head: null; item: Item }
);

export default function InboxPage() {
  const search: InboxSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const viewer = useViewer();
  // Whole, so that what is said of it and what is shown are of one moment.
  const state = useDeferredValue(useQueueState());
  const { items } = state;
  const places = usePlaces();
  const wide = useWide();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const lastIndex = useRef(0);

  const looking = useMemo(
    () => ({ viewerId: viewer.id, has: viewer.has, nameOf: (id: string) => places.get(id) }),
    [viewer, places],
  );
  // Going from one item to the next is no other view: what it shows is arranged anew only where it changed.
  const { item: current, ...viewed } = search;
  const viewKey = JSON.stringify(viewed);
  const view = useMemo(() => JSON.parse(viewKey) as View, [viewKey]);
  const groups = useMemo(() => arrange(items, view, looking), [items, view, looking]);
  const facets = useMemo(() => facetsOf(items, looking), [items, looking]);
  const shown = useMemo(() => groups.flatMap((group) => group.items), [groups]);
  const rows = useMemo(
    () => groups.flatMap((group) => rowsOf(group.key, group.items, view.group ?? 'urgency', places)),
    [groups, view.group, places],
  );

  useEffect(() => lastView.set(view), [view]);
  const inView = useRef(current);
  useEffect(() => {
    inView.current = current;
  }, [current]);
  const index = shown.findIndex(({ id }) => id === current);
  useEffect(() => {
    if (index !== -1) lastIndex.current = index;
  }, [index]);

  const show = (next: Partial<InboxSearch>, replace = true) =>
    void navigate({ to: '/inbox', search: { ...search, ...next }, replace });
  const go = (to: number) => {
    const item = shown[Math.max(0, Math.min(shown.length - 1, to))];
    if (item) show({ item: item.id });
  };
  /** What was decided is left at once; the item that stood after it is next. */
  const onDecided = () => {
    // Who has gone to another item while this one was on its way is not taken from it.
    if (inView.current !== current) return;
    const next = shown[index + 1] ?? shown[index - 1];
    show({ item: next?.id });
  };
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    setSelected(next);
  };
  useKeys(texts.inbox.keys, [
    // From an item that is gone, the one that took its place.
    {
      keys: 'j',
      label: texts.inbox.next,
      run: () => go(index === -1 ? (current === undefined ? 0 : lastIndex.current) : index + 1),
    },
    {
      keys: 'k',
      label: texts.inbox.previous,
      run: () => go(index === -1 ? lastIndex.current - 1 : index - 1),
    },
    { keys: 'x', label: texts.inbox.toggle, run: () => current !== undefined && toggle(current) },
    {
      keys: 'Enter',
      label: texts.inbox.openKey,
      run: () => current !== undefined && void navigate({ to: pathOf(current), params: { id: current } }),
    },
  ]);

  const chosen = useMemo(() => items.filter(({ id }) => selected.has(id)), [items, selected]);
  if (!wide && current !== undefined)
    return (
      <OneItem key={current} id={current} onBack={() => show({ item: undefined })} onDecided={onDecided} />
    );
  return (
    <div className="inbox">
      <Page
        title={texts.pages.inbox}
        aside={
          <p className="faint" role="status">
            {state.progress === null
              ? texts.inbox.shown(shown.length, items.length)
              : texts.inbox.reading(state.progress.read, state.progress.of)}
          </p>
        }
      >
        {state.fault && <FaultNotice fault={state.fault} stale={items.length > 0} />}
        <Filters view={view} facets={facets} places={places} onChange={show} />
        <BulkBar
          items={chosen}
          onKeep={(kept) => setSelected(new Set(kept))}
          onDone={() => setSelected(new Set())}
        />
        {rows.length === 0 && state.progress === null ? (
          <p className="empty">{items.length === 0 ? texts.inbox.empty : texts.inbox.emptyView}</p>
        ) : (
          <VirtualList
            rows={rows}
            current={rows.findIndex((row) => row.head === null && row.item.id === current)}
            label={texts.inbox.list}
          >
            {(row) =>
              row.head === null ? (
                <ItemRow
                  item={row.item}
                  place={places.get(placeOf(row.item))}
                  viewerId={viewer.id}
                  current={row.item.id === current}
                  selected={selected.has(row.item.id)}
                  onToggle={() => toggle(row.item.id)}
                  // Where it takes the list's place, going back leads to the list.
                  onOpen={() => show({ item: row.item.id }, wide)}
                />
              ) : (
                <h2 className="group-head">
                  <UntrustedText text={row.head.label} inline />{' '}
                  <span className="badge">{row.head.count.toLocaleString('en')}</span>
                </h2>
              )
            }
          </VirtualList>
        )}
        {/* Going through the list by keys moves no focus: what one has come to is told. */}
        <p className="hidden-label" role="status">
          {plainly(shown[index]?.title ?? '')}
        </p>
        <LatestDecisions />
        <AnnounceSettings />
      </Page>
      {wide && (
        <section key={current} className="inbox-panel" aria-label={texts.pages.intervention}>
          {current === undefined ? (
            <p className="faint empty">{texts.inbox.pick}</p>
          ) : (
            <DecisionPanel id={current} onDecided={onDecided} />
          )}
        </section>
      )}
    </div>
  );
}

export const pathOf = (id: string) =>
  id.startsWith('intervention_') ? ('/interventions/$id' as const) : ('/approvals/$id' as const);

function rowsOf(
  key: string,
  items: readonly Item[],
  grouping: NonNullable<InboxSearch['group']>,
  places: ReadonlyMap<string, string>,
): Row[] {
  const rows: Row[] = items.map((item) => ({ key: item.id, height: ROW, head: null, item }));
  if (grouping === 'none') return rows;
  const label = labelOf(key, grouping, places);
  return [{ key: `group ${key}`, height: HEAD, head: { label, count: items.length } }, ...rows];
}

function labelOf(
  key: string,
  grouping: NonNullable<InboxSearch['group']>,
  places: ReadonlyMap<string, string>,
): string {
  const names: Record<string, Readonly<Record<string, string>>> = {
    urgency: texts.urgencies,
    type: texts.types,
    role: texts.roles,
  };
  if (grouping === 'team') return places.get(key) ?? texts.inbox.unknownPlace;
  return names[grouping]?.[key] ?? key;
}
