import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { SessionEventsDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { instant } from '../../parts/time.ts';
import { UntrustedJson } from '../../parts/untrusted-json.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { sessionsTexts, texts } from '../../texts.ts';
import { type TimelineEntry, timelineOf, type Turn } from './timeline.ts';

const words = sessionsTexts.one;
const PAGE = 100;

/** The newest events of the session's log, and those before them where they are asked for. */
export function Timeline({ id, turns }: { id: string; turns: readonly Turn[] }) {
  const [before, setBefore] = useState<string | null>(null);
  const { data, fault, read, loading } = useLive(
    SessionEventsDocument,
    { id, last: PAGE, before },
    { on: ({ sessionId }) => sessionId === id && before === null },
  );
  const entries = timelineOf(data?.events.nodes ?? [], turns);
  const info = data?.events.pageInfo;
  return (
    <section className="card" aria-labelledby="timeline">
      <h2 id="timeline">{words.timeline}</h2>
      <p className="faint">{words.timelineHint}</p>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && loading && <p role="status">{texts.loading}</p>}
      <div className="actions">
        {info?.hasPreviousPage && (
          <button type="button" onClick={() => setBefore(info.startCursor ?? null)}>
            {words.earlier}
          </button>
        )}
        {before !== null && (
          <button type="button" onClick={() => setBefore(null)}>
            {words.latest}
          </button>
        )}
      </div>
      {data && entries.length === 0 && <p>{words.noEvents}</p>}
      <ol className="timeline">
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ol>
    </section>
  );
}

function Entry({ entry: { at, title, actor, text, leadsTo, data } }: { entry: TimelineEntry }) {
  return (
    <li>
      <p className="row-head">
        <strong>
          {leadsTo === null ? (
            title
          ) : leadsTo.page === 'approval' ? (
            <Link to="/approvals/$id" params={{ id: leadsTo.id }}>
              {title}
            </Link>
          ) : (
            <Link to="/interventions/$id" params={{ id: leadsTo.id }}>
              {title}
            </Link>
          )}
        </strong>
        <UntrustedText text={actor} inline />
        <time className="faint" dateTime={at}>
          {instant(at)}
        </time>
      </p>
      {text !== null && <UntrustedText text={text} />}
      {Object.keys(data as object).length > 0 && <UntrustedJson label={words.details} value={data} />}
    </li>
  );
}
