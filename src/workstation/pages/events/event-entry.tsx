import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { plainly } from '../../parts/marks.ts';
import { lineOf, sentenceOf } from '../../parts/told-event.ts';
import { instant } from '../../parts/time.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { eventsTexts as words, texts } from '../../texts.ts';
import type { EventsSearch } from './search.ts';
import type { TrailEvent } from './trail.ts';

/** Characters of what an entry is about that stand in its line; all of it is in the entry. */
const SHOWN = 160;
const cut = (line: string): string => {
  const letters = [...line];
  return letters.length <= SHOWN ? line : `${letters.slice(0, SHOWN).join('')} …`;
};

const roleOf = ({ role, kind }: TrailEvent['actor']): string =>
  role == null ? (words.kinds[kind] ?? kind) : texts.roles[role].toLowerCase();

/** One entry of the log; all of it once it is opened. */
export const EventEntry = memo(function EventEntry({
  event,
  search,
}: {
  event: TrailEvent;
  search: EventsSearch;
}) {
  const { type, actor, occurredAt, sessionId, teamId, projectId, subjectId } = event;
  const said = JSON.stringify(event.data, null, 2);
  const line = lineOf(event);
  const about = line === null ? null : plainly(cut(line));
  const erased = actor.id === 'erased';
  return (
    <li>
      <details>
        <summary>
          <time dateTime={occurredAt}>{instant(occurredAt)}</time>
          <span className="break">
            <strong>{sentenceOf(type)}</strong>
            {about !== null && <> · {about}</>} <code className="event-type">{type}</code>
          </span>
          <span className="break">
            {plainly(actor.name)} <span className="faint">· {roleOf(actor)}</span>
          </span>
        </summary>
        <dl className="facts">
          <dt>{words.subject}</dt>
          <dd>
            <Place id={subjectId} /> <Only search={{ ...search, subject: subjectId }} />
          </dd>
          {sessionId && (
            <>
              <dt>{words.session}</dt>
              <dd>
                <Place id={sessionId} /> <Only search={{ ...search, session: sessionId }} />
              </dd>
            </>
          )}
          {teamId && (
            <>
              <dt>{words.team}</dt>
              <dd>
                <Place id={teamId} /> <Only search={{ ...search, team: teamId }} />
              </dd>
            </>
          )}
          {projectId && (
            <>
              <dt>{words.project}</dt>
              <dd>
                <Place id={projectId} />
              </dd>
            </>
          )}
          <dt>{words.by}</dt>
          <dd>
            <code>{actor.id}</code> <Only search={{ ...search, actor: actor.id }} />
          </dd>
          <dt>{words.data}</dt>
          <dd>
            {erased && <p>{words.erased}</p>}
            {said === '{}' ? (
              <span className="faint">{words.noData}</span>
            ) : (
              <div className="event-data">
                <UntrustedText text={said} />
              </div>
            )}
          </dd>
          <dt>{words.id}</dt>
          <dd>
            <code>{event.id}</code>
          </dd>
          <dt>{words.cursor}</dt>
          <dd>
            <code>{event.cursor}</code>
          </dd>
          <dt>{words.hash}</dt>
          <dd>
            <code>{event.hash}</code>
          </dd>
          <dt>{words.previousHash}</dt>
          <dd>{event.previousHash ? <code>{event.previousHash}</code> : words.first}</dd>
        </dl>
      </details>
    </li>
  );
});

const Only = ({ search }: { search: EventsSearch }) => (
  <Link to="/events" search={search} className="only">
    {words.only}
  </Link>
);

/** Where an id leads: only what has a page of its own. */
function Place({ id }: { id: string }) {
  const prefix = id.slice(0, id.indexOf('_'));
  const shown = <code className="break">{id}</code>;
  const params = { id };
  switch (prefix) {
    case 'session':
      return (
        <Link to="/sessions/$id" params={params}>
          {shown}
        </Link>
      );
    case 'intervention':
      return (
        <Link to="/interventions/$id" params={params}>
          {shown}
        </Link>
      );
    case 'approval':
      return (
        <Link to="/approvals/$id" params={params}>
          {shown}
        </Link>
      );
    case 'team':
      return (
        <Link to="/teams/$id" params={params}>
          {shown}
        </Link>
      );
    case 'project':
      return (
        <Link to="/projects/$id" params={params}>
          {shown}
        </Link>
      );
    default:
      return shown;
  }
}
