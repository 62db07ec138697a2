import { useEffect, useEffectEvent, useState } from 'react';
import { Menu } from '../../parts/menu.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { type Facets, groupings, orders, type View } from '../../queue/arrange.ts';
import { texts } from '../../texts.ts';

type FacetName = 'type' | 'urgency' | 'role' | 'team' | 'agent';
const facetNames: readonly FacetName[] = ['urgency', 'type', 'team', 'agent', 'role'];
/** What was written settles for so many milliseconds before the list follows. */
const TYPING = 200;

/** What is shown of what waits. All of it lives in the address. */
export function Filters({
  view,
  facets,
  places,
  onChange,
}: {
  view: View;
  facets: Facets;
  places: ReadonlyMap<string, string>;
  onChange: (view: View) => void;
}) {
  const filtered = Object.entries(view).some(
    ([name, value]) => value !== undefined && name !== 'group' && name !== 'order',
  );
  return (
    <div className="inbox-filters" role="group" aria-label={texts.inbox.filters}>
      {facetNames.map((name) => (
        <FacetMenu
          key={name}
          name={name}
          counts={facets[name]}
          chosen={(view[name] as readonly string[] | undefined) ?? []}
          places={places}
          onChange={(chosen) => onChange({ [name]: chosen.length === 0 ? undefined : chosen } as View)}
        />
      ))}
      <Words
        words={view.words ?? ''}
        onChange={(words) => onChange({ words: words === '' ? undefined : words })}
      />
      <Menu className="facet" title={texts.inbox.view}>
        <div className="facet-values">
          <Flag name="mine" view={view} onChange={onChange} />
          <Flag name="free" view={view} onChange={onChange} />
          <Flag name="able" view={view} onChange={onChange} />
          <label>
            {texts.inbox.group}{' '}
            <select
              value={view.group ?? 'urgency'}
              onChange={({ target }) => onChange({ group: target.value as View['group'] })}
            >
              {groupings.map((grouping) => (
                <option key={grouping} value={grouping}>
                  {texts.inbox.groups[grouping]}
                </option>
              ))}
            </select>
          </label>
          <label>
            {texts.inbox.order}{' '}
            <select
              value={view.order ?? 'deadline'}
              onChange={({ target }) => onChange({ order: target.value as View['order'] })}
            >
              {orders.map((order) => (
                <option key={order} value={order}>
                  {texts.inbox.orders[order]}
                </option>
              ))}
            </select>
          </label>
        </div>
      </Menu>
      {filtered && (
        <button
          type="button"
          className="quiet"
          onClick={() =>
            onChange({
              type: undefined,
              urgency: undefined,
              role: undefined,
              team: undefined,
              agent: undefined,
              mine: undefined,
              free: undefined,
              able: undefined,
              words: undefined,
            })
          }
        >
          {texts.inbox.clear}
        </button>
      )}
    </div>
  );
}

function FacetMenu({
  name,
  counts,
  chosen,
  places,
  onChange,
}: {
  name: FacetName;
  counts: ReadonlyMap<string, number>;
  chosen: readonly string[];
  places: ReadonlyMap<string, string>;
  onChange: (chosen: string[]) => void;
}) {
  // What was chosen stays to be unchosen, also where nothing of it waits any more.
  const values = [...new Set([...counts.keys(), ...chosen])].toSorted(
    (a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0),
  );
  return (
    <Menu className="facet" title={texts.inbox.facetsChosen(texts.inbox.facets[name], chosen.length)}>
      <div className="facet-values">
        {values.slice(0, MOST_VALUES).map((value) => (
          <label key={value} className="check">
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={({ target }) =>
                onChange(target.checked ? [...chosen, value] : chosen.filter((other) => other !== value))
              }
            />
            <UntrustedText text={nameOf(name, value, places)} inline />
            <span className="badge">{(counts.get(value) ?? 0).toLocaleString('en')}</span>
          </label>
        ))}
      </div>
    </Menu>
  );
}

/** The most frequent; whoever looks for another one has the field for words. */
const MOST_VALUES = 100;

function nameOf(facet: FacetName, value: string, places: ReadonlyMap<string, string>): string {
  const names: Record<string, Readonly<Record<string, string>>> = {
    type: texts.types,
    urgency: texts.urgencies,
    role: texts.roles,
  };
  if (facet === 'team') return places.get(value) ?? texts.inbox.unknownPlace;
  return names[facet]?.[value] ?? value;
}

function Flag({
  name,
  view,
  onChange,
}: {
  name: 'mine' | 'free' | 'able';
  view: View;
  onChange: (view: View) => void;
}) {
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={view[name] === true}
        onChange={({ target }) => onChange({ [name]: target.checked ? true : undefined })}
      />
      {texts.inbox[name]}
    </label>
  );
}

function Words({ words, onChange }: { words: string; onChange: (words: string) => void }) {
  const [written, setWritten] = useState(words);
  const follow = useEffectEvent((text: string) => {
    if (text !== words) onChange(text);
  });
  useEffect(() => {
    const timer = setTimeout(() => follow(written), TYPING);
    return () => clearTimeout(timer);
  }, [written]);
  return (
    <label>
      <span className="hidden-label">{texts.inbox.words}</span>
      <input
        type="search"
        placeholder={texts.inbox.wordsHint}
        value={written}
        onChange={({ target }) => setWritten(target.value)}
      />
    </label>
  );
}
