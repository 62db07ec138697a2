import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { StopHistoryDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { ListPages, type PageAt, pageArguments } from '../../parts/list-pages.tsx';
import { instant } from '../../parts/time.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { emergencyTexts, worded } from '../../texts.ts';

const words = emergencyTexts.history;

export function StopHistory({ projectId }: { projectId: string }) {
  const [at, setAt] = useState<PageAt>({});
  const { data, fault, read } = useLive(
    StopHistoryDocument,
    { projectId, ...pageArguments(at, 25) },
    { on: (event) => event.projectId === projectId && /^(emergency_stop|recovery)_/.test(event.type) },
  );
  return (
    <section className="card" aria-labelledby="history">
      <h2 id="history">{words.title}</h2>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {data?.emergencyStops.totalCount === 0 && <p className="faint">{words.none}</p>}
      <ol className="plain-list">
        {data?.emergencyStops.nodes.map((stop) => (
          <li key={stop.id} className="notice stack" data-stop={stop.id}>
            <p className="row-head">
              <strong>{instant(stop.createdAt)}</strong>
              <span>{stop.triggeredConditions.map((each) => emergencyTexts.condition[each]).join(', ')}</span>
              <span>
                {words.who} <UntrustedText text={stop.triggeredBy.name} inline />
              </span>
            </p>
            <UntrustedText text={stop.stopReason} />
            <p className="row-head">
              <span>
                {stop.resolvedAt == null ? emergencyTexts.inForce : words.lifted(instant(stop.resolvedAt))}
              </span>
              {stop.recoverySession && (
                <Link to="/recovery/$id" params={{ id: stop.recoverySession.id }}>
                  {words.recovery(worded(stop.recoverySession.status))}
                </Link>
              )}
            </p>
          </li>
        ))}
      </ol>
      {data && <ListPages of={words.title} info={data.emergencyStops.pageInfo} at={at} onGo={setAt} />}
    </section>
  );
}
