import { Link } from '@tanstack/react-router';
import { useViewer } from '../live/context.tsx';
import { Ago, Countdown } from '../parts/countdown.tsx';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';

/** Who asks what for whom, and until when. */
export function PanelHead({
  type,
  urgency,
  agent,
  place,
  createdAt,
  expiresAt,
  frozen,
  open,
  requiredRole,
  claimedBy = null,
  sessionId,
}: {
  type: keyof typeof texts.types;
  urgency: keyof typeof texts.urgencies | null;
  agent: string;
  place: string | null;
  createdAt: string;
  expiresAt: string | null;
  frozen: boolean;
  open: boolean;
  requiredRole: keyof typeof texts.roles;
  claimedBy?: { id: string; name: string } | null;
  sessionId: string | null;
}) {
  const viewer = useViewer();
  return (
    <header className="panel-head">
      <h2>
        {texts.types[type]} · <UntrustedText text={agent} inline />
      </h2>
      <p className="panel-facts">
        {urgency !== null && (
          <span
            className={
              urgency === 'CRITICAL' ? 'badge badge-bad' : urgency === 'HIGH' ? 'badge badge-warn' : 'badge'
            }
          >
            {texts.urgencies[urgency]}
          </span>
        )}
        {place !== null && <UntrustedText text={place} inline />}
        <span>
          {texts.decision.asked} <Ago at={createdAt} />
        </span>
        {open && <Countdown expiresAt={expiresAt} createdAt={createdAt} frozen={frozen} />}
        <span>{texts.inbox.needs(texts.roles[requiredRole])}</span>
        {claimedBy !== null && (
          <span className="badge">
            {claimedBy.id === viewer.id ? texts.inbox.claimedByMe : texts.inbox.claimed(claimedBy.name)}
          </span>
        )}
        {sessionId !== null && (
          <Link to="/sessions/$id" params={{ id: sessionId }} preload={false}>
            {texts.pages.session}
          </Link>
        )}
      </p>
      {open && frozen && <p className="notice notice-warn">{texts.decision.frozen}</p>}
    </header>
  );
}
