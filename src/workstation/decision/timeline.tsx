import { useCallback } from 'react';
import { SessionTimelineDocument } from '../generated/graphql.ts';
import type { FeedEvent } from '../live/feed.ts';
import { useLive } from '../live/use-live.ts';
import { FaultNotice } from '../parts/fault-notice.tsx';
import { instant } from '../parts/time.ts';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';

/** What happened in the session, as the log has it, and goes on having it. */
export function Timeline({ sessionId }: { sessionId: string }) {
  const on = useCallback((event: FeedEvent) => event.sessionId === sessionId, [sessionId]);
  const { data, fault, read } = useLive(SessionTimelineDocument, { id: sessionId }, { on });
  if (fault && !data) return <FaultNotice fault={fault} onRetry={read} />;
  if (!data) return <p className="faint">{texts.loading}</p>;
  return (
    <>
      {data.events.pageInfo.hasPreviousPage && <p className="faint">{texts.decision.newestOnly}</p>}
      <ol className="timeline">
        {data.events.nodes.map(({ id, type, occurredAt, actor }) => (
          <li key={id}>
            <time dateTime={occurredAt}>{instant(occurredAt)}</time> {type.replaceAll('_', ' ')}{' '}
            <span className="faint">
              <UntrustedText text={actor.name} inline />
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
