import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useId, useState } from 'react';
import { TrailPlacesDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { plainly } from '../../parts/marks.ts';
import { eventsTexts as words } from '../../texts.ts';
import { type EventsSearch, instantIn } from './search.ts';
import { eventTypes } from './types.ts';

/** What is looked at: it stands in the address once it is applied. */
export function Filters({ search }: { search: EventsSearch }) {
  const navigate = useNavigate();
  const { data } = useLive(TrailPlacesDocument, {});
  const [draft, setDraft] = useState(search);
  const id = useId();
  const projects = data?.projects ?? [];
  const teams = projects
    .filter((project) => draft.project === undefined || project.id === draft.project)
    .flatMap((project) => project.teams);
  const put = (part: Partial<EventsSearch>) => setDraft({ ...draft, ...part });
  const apply = (event: FormEvent) => {
    event.preventDefault();
    void navigate({ to: '/events', search: draft });
  };
  const text = (name: 'session' | 'subject' | 'actor', hint: string) => (
    <label>
      {words[name]}
      <input
        value={draft[name] ?? ''}
        placeholder={hint}
        onChange={({ target }) =>
          put({ [name]: target.value.trim() === '' ? undefined : target.value.trim() })
        }
      />
    </label>
  );
  const time = (name: 'from' | 'to') => (
    <label>
      {words[name]}
      <input
        type="datetime-local"
        step="1"
        value={asLocal(draft[name])}
        onChange={({ target }) => put({ [name]: instantIn(target.value) })}
      />
    </label>
  );
  const types = draft.types ?? [];

  return (
    <form className="card event-filters" aria-label={words.filters} onSubmit={apply}>
      <div className="filter-types">
        <label htmlFor={id}>{words.types}</label>
        <select
          id={id}
          value=""
          onChange={({ target }) => target.value && put({ types: [...types, target.value] })}
        >
          <option value="">{types.length === 0 ? words.anyType : words.addType}</option>
          {eventTypes
            .filter((type) => !types.includes(type))
            .toSorted()
            .map((type) => (
              <option key={type}>{type}</option>
            ))}
        </select>
        {types.map((type) => (
          <button
            key={type}
            type="button"
            className="chip"
            aria-label={words.removeType(type)}
            onClick={() =>
              put({ types: types.length === 1 ? undefined : types.filter((one) => one !== type) })
            }
          >
            {type} <span aria-hidden="true">×</span>
          </button>
        ))}
      </div>
      {projects.length > 1 && (
        <label>
          {words.project}
          <select
            value={draft.project ?? ''}
            onChange={({ target }) => put({ project: target.value || undefined, team: undefined })}
          >
            <option value="">{words.anyProject}</option>
            {projects.map((project) => (
              <option key={project.id} value={project.id}>
                {plainly(project.name)}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        {words.team}
        <select value={draft.team ?? ''} onChange={({ target }) => put({ team: target.value || undefined })}>
          <option value="">{words.anyTeam}</option>
          {teams.map((team) => (
            <option key={team.id} value={team.id}>
              {plainly(team.name)}
            </option>
          ))}
        </select>
      </label>
      {text('session', words.idHint)}
      {text('subject', words.idHint)}
      {text('actor', words.actorHint)}
      {time('from')}
      {time('to')}
      <div className="actions">
        <button type="submit" className="primary">
          {words.apply}
        </button>
        <Link to="/events" className="button">
          {words.clear}
        </Link>
      </div>
    </form>
  );
}

/** An instant as the browser's own field has it: in the reader's zone, to the second. */
function asLocal(instant: string | undefined): string {
  if (instant === undefined) return '';
  const at = new Date(instant);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
