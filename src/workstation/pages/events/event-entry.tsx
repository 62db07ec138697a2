import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { plainly } from '../../parts/marks.ts';
import { instant } from '../../parts/time.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { eventsTexts as words } from '../../texts/events.ts';
import type { EventsSearch } from './search.ts';
import type { TrailEvent } from './trail.ts';

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
  const erased = actor.id === 'erased';
  return (
    <li>
      <details>
        <summary>
          <time dateTime={occurredAt}>{instant(occurredAt)}</time>
          <strong className="break">{type}</strong>
          <span className="break">
            {plainly(actor.name)}{' '}
            <span className="faint">· {actor.role ?? words.kinds[actor.kind] ?? actor.kind}</span>
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
