import { Link } from '@tanstack/react-router';
import { StopsInForceDocument } from '../generated/graphql.ts';
import { useLive } from '../live/use-live.ts';
import { texts } from '../texts.ts';
import { UntrustedText } from './untrusted-text.tsx';

/** So many are named; the page of stops has them all. */
const NAMED = 3;

/** On every page: which projects in view are stopped. Where that cannot be read, the connection's own words say so. */
export function StopBanner() {
  const { data } = useLive(
    StopsInForceDocument,
    {},
    { on: ({ type }) => type.startsWith('emergency_stop_') },
  );
  const stopped = data?.projects.filter(({ emergency }) => emergency.stop != null) ?? [];
  // The region stands there before it says something: a screen reader tells of what comes into it.
  return (
    <div role="status" className="stop-banner">
      {stopped.length > 0 && (
        <p className="notice notice-bad banner" data-stopped={stopped.length}>
          <strong>{texts.stops.title}</strong>{' '}
          {stopped.slice(0, NAMED).map(({ id, name }, index) => (
            <span key={id}>
              {index > 0 && ', '}
              <Link to="/emergency/$id" params={{ id }}>
                <UntrustedText text={name} inline />
              </Link>
            </span>
          ))}
          {stopped.length > NAMED && (
            <>
              , <Link to="/emergency">{texts.stops.more(stopped.length - NAMED)}</Link>
            </>
          )}
          {'. '}
          {texts.stops.lead}
        </p>
      )}
    </div>
  );
}
