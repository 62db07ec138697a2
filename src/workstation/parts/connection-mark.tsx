import { useNow } from '../live/clock.ts';
import { useLiveScope } from '../live/context.tsx';
import { useStore } from '../live/store.ts';
import { texts } from '../texts.ts';
import { duration } from './time.ts';

/** Milliseconds of absence after which it is said in words across the page. */
const LONG = 5_000;

/** Whether what is shown is as things are. */
export function ConnectionMark() {
  const { phase, since } = useStore(useLiveScope().connection);
  const now = useNow();
  const words = phase === 'lost' ? texts.connection.lost(duration(now - since)) : texts.connection[phase];
  return (
    <span className={`connection connection-${phase}`} data-connection={phase}>
      {words}
    </span>
  );
}

/** Told once the absence is no blink, to screen readers once and not each second. */
export function ConnectionBanner() {
  const { phase, since } = useStore(useLiveScope().connection);
  const now = useNow();
  if (phase !== 'lost' || now - since < LONG) return null;
  return (
    <div className="notice notice-bad banner" role="status" aria-live="off">
      {texts.connection.lostLong(duration(now - since))}
    </div>
  );
}
