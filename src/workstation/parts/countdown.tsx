import { useNow } from '../live/clock.ts';
import { texts } from '../texts.ts';
import { ago, duration, instant, pressure } from './time.ts';

/** What is left until a deadline, told anew each second. */
export function Countdown({
  expiresAt,
  createdAt,
  frozen = false,
}: {
  expiresAt: string | null | undefined;
  createdAt: string;
  frozen?: boolean;
}) {
  const now = useNow();
  if (expiresAt == null) return <span className="faint">{texts.time.none}</span>;
  if (frozen) return <span className="faint">{texts.time.frozen}</span>;
  const deadline = Date.parse(expiresAt);
  const pressed = pressure(deadline, Date.parse(createdAt), now);
  return (
    <time dateTime={expiresAt} title={instant(expiresAt)} className={`countdown countdown-${pressed}`}>
      {pressed === 'over' ? texts.time.over : texts.time.left(duration(deadline - now))}
    </time>
  );
}

/** How long ago something was; the instant itself as its title. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={instant(at)}>
      {ago(Date.parse(at), now)}
    </time>
  );
}
