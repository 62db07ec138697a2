import { Link } from '@tanstack/react-router';
import { TeamPendingDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { Countdown } from '../../parts/countdown.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { type Item, itemOfApproval, itemOfIntervention } from '../../queue/item.ts';
import { teamsTexts as words } from '../../texts.ts';
import { texts } from '../../texts.ts';

const CHANGES = /^(intervention|escalation|timeout|auto_continue|approval)_|_approval_requested$/;

/** What waits for people in a team, requests and approvals alike, the newest first. */
export function Pending({ id }: { id: string }) {
  const { data, fault, read } = useLive(
    TeamPendingDocument,
    { id },
    { on: ({ teamId, type }) => teamId === id && CHANGES.test(type) },
  );
  const items = [
    ...(data?.interventions.nodes ?? []).map(itemOfIntervention),
    ...(data?.approvals.nodes ?? []).map(itemOfApproval),
  ].toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
  const total = (data?.interventions.totalCount ?? 0) + (data?.approvals.totalCount ?? 0);
  return (
    <section className="card" aria-labelledby="pending">
      <h2 id="pending">{words.pending.title}</h2>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {data && total === 0 && <p className="faint">{words.pending.none}</p>}
      <ul className="plain-list">
        {items.map((item) => (
          <PendingItem key={item.id} item={item} />
        ))}
      </ul>
      {total > items.length && <p className="faint">{words.pending.some(items.length, total)}</p>}
      <p>
        <Link to="/inbox" search={{ team: [id] }}>
          {words.pending.inbox}
        </Link>
      </p>
    </section>
  );
}

function PendingItem({ item }: { item: Item }) {
  return (
    <li className="row-head" data-pending={item.id}>
      <span className="badge">{texts.types[item.type]}</span>
      {item.urgency !== 'NORMAL' && <StateBadge state={item.urgency} />}
      <Link
        to={item.kind === 'intervention' ? '/interventions/$id' : '/approvals/$id'}
        params={{ id: item.id }}
        className="break"
      >
        <UntrustedText text={item.title.slice(0, 200)} inline />
      </Link>
      <Countdown expiresAt={item.expiresAt} createdAt={item.createdAt} frozen={item.frozen} />
      <span className="faint">{words.pending.role(item.requiredRole)}</span>
      {item.requiredVotes > 1 && (
        <span className="faint">{texts.inbox.votes(item.votes.length, item.requiredVotes)}</span>
      )}
      {item.claimedBy && (
        <span className="faint">
          {words.pending.claimed} <UntrustedText text={item.claimedBy.name} inline />
        </span>
      )}
    </li>
  );
}
