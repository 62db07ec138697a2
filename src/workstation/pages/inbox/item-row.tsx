import { Link } from '@tanstack/react-router';
import { ledger } from '../../decision/ledger.ts';
import { useStore } from '../../live/store.ts';
import { Countdown } from '../../parts/countdown.tsx';
import { plainly } from '../../parts/marks.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import type { Item } from '../../queue/item.ts';
import { texts } from '../../texts.ts';

export const URGENCY_BADGE = {
  CRITICAL: 'badge badge-bad',
  HIGH: 'badge badge-warn',
  NORMAL: 'badge',
  LOW: 'badge',
} as const;

/** One item of the list. `onOpen`: shown beside the list; without it the row leads to the item's own page. */
export function ItemRow({
  item,
  place,
  viewerId,
  current,
  selected,
  onToggle,
  onOpen,
}: {
  item: Item;
  place: string | undefined;
  viewerId: string;
  current: boolean;
  selected: boolean;
  onToggle: () => void;
  onOpen: (() => void) | undefined;
}) {
  const said = useStore(ledger).find(({ id }) => id === item.id);
  return (
    <div className={current ? 'item item-current' : 'item'} data-item={item.id}>
      <input
        type="checkbox"
        checked={selected}
        onChange={onToggle}
        aria-label={texts.inbox.select(plainly(item.title))}
      />
      <Link
        to={item.kind === 'intervention' ? '/interventions/$id' : '/approvals/$id'}
        params={{ id: item.id }}
        aria-current={current ? 'true' : undefined}
        preload={false}
        onClick={(event) => {
          if (onOpen === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          onOpen();
        }}
      >
        <span className="item-title">
          <UntrustedText text={item.title.replaceAll(/\s+/g, ' ')} inline />
        </span>
        {item.input !== '' && (
          <span className="item-input">
            <UntrustedText text={item.input} inline />
          </span>
        )}
        <span className="item-facts">
          <span className={URGENCY_BADGE[item.urgency]}>{texts.urgencies[item.urgency]}</span>
          <span>{texts.types[item.type]}</span>
          <Countdown expiresAt={item.expiresAt} createdAt={item.createdAt} frozen={item.frozen} />
          {said && said.state !== 'done' && (
            <span className={said.state === 'sending' ? 'badge' : 'badge badge-bad'}>
              {texts.decision.states[said.state]}
            </span>
          )}
          {item.frozen && <span className="badge badge-warn">{texts.inbox.frozen}</span>}
          {item.claimedBy && (
            <span className="badge">
              {item.claimedBy.id === viewerId
                ? texts.inbox.claimedByMe
                : texts.inbox.claimed(item.claimedBy.name)}
            </span>
          )}
          {item.requiredVotes > 1 && (
            <span className="badge">{texts.inbox.votes(item.votes.length, item.requiredVotes)}</span>
          )}
          {item.escalationLevel > 0 && (
            <span className="badge badge-warn">{texts.inbox.level(item.escalationLevel)}</span>
          )}
          <UntrustedText text={item.agent} inline />
          {place !== undefined && <UntrustedText text={place} inline />}
        </span>
      </Link>
    </div>
  );
}
