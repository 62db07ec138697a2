import { Temporal } from 'temporal-polyfill';
import { assertNever } from '../kernel/assert-never.ts';
import { sha256 } from '../kernel/json.ts';
import type { Configuration } from '../supervision/configuration-schema.ts';
import { filledIn, type SupervisionEnvironment } from '../supervision/from-environment.ts';

type Supervision = NonNullable<Configuration['human_supervision']>;
export type ChannelSettings = NonNullable<NonNullable<Supervision['notifications']>['channels']>[number];

/** Where a channel leads to. `key`: the same for the same place, and tells nothing of it. */
export type Destination =
  | { type: 'EMAIL'; key: string; to: readonly string[] }
  | { type: 'WEBHOOK'; key: string; url: string; secret: string }
  | { type: 'SLACK'; key: string; via: 'BOT'; channel: string }
  | { type: 'SLACK'; key: string; via: 'WEBHOOK'; url: string }
  | { type: 'SMS'; key: string; to: readonly string[] };

/** Null: the channel is off, or nothing is delivered to it, or something that it needs is not set (behaviour 8.3). */
export function destinationOf(
  channel: ChannelSettings,
  environment: SupervisionEnvironment,
): Destination | null {
  if (channel.enabled === false) return null;
  switch (channel.type) {
    case 'email': {
      const to = once(channel.to);
      return to.length === 0 ? null : { type: 'EMAIL', key: sha256(`email ${to.join(' ')}`), to };
    }
    case 'sms': {
      const to = once(channel.to);
      return to.length === 0 ? null : { type: 'SMS', key: sha256(`sms ${to.join(' ')}`), to };
    }
    case 'webhook': {
      const url = addressOf(channel.webhook_url, environment);
      const secret = filledIn(channel.secret ?? '', environment);
      return url === null || !secret ? null : { type: 'WEBHOOK', key: sha256(`webhook ${url}`), url, secret };
    }
    case 'slack':
      return slackOf(channel, environment);
    case 'websocket':
      return null;
    default:
      return assertNever(channel.type);
  }
}

/** A channel of the bot's, else the configuration's incoming webhook, else the server's. */
function slackOf(
  { slack_channel: place, webhook_url }: ChannelSettings,
  environment: SupervisionEnvironment,
): Destination | null {
  if (place !== undefined)
    return { type: 'SLACK', key: sha256(`slack ${place}`), via: 'BOT', channel: place };
  const url = addressOf(webhook_url || SERVER_WEBHOOK, environment);
  return url === null ? null : { type: 'SLACK', key: sha256(`webhook ${url}`), via: 'WEBHOOK', url };
}

/** The server's own incoming webhook, for Slack channels that name nothing else. */
const SERVER_WEBHOOK = '${SLACK_WEBHOOK_URL}';

const once = (to: readonly string[] | undefined): string[] => [...new Set(to ?? [])].toSorted();

function addressOf(text: string | undefined, environment: SupervisionEnvironment): string | null {
  const url = filledIn(text ?? '', environment);
  return url && URL.canParse(url) ? url : null;
}

export const channelsOf = (configuration: Configuration | null): readonly ChannelSettings[] =>
  configuration?.human_supervision?.notifications?.channels ?? [];

/** The template that a channel names, or the one that has the notification's name; null: the defaults. */
export function templateOf(
  configuration: Configuration | null,
  channel: ChannelSettings,
  name: string,
): { subject?: string | undefined; body: string } | null {
  const templates = configuration?.human_supervision?.notifications?.templates ?? {};
  const wanted = channel.template ?? name;
  return Object.hasOwn(templates, wanted) ? templates[wanted]! : null;
}

export interface Rhythm {
  /** Attempts after the first. */
  retries: number;
  /** Milliseconds to the second attempt. */
  delay: number;
  breaker: { failures: number; rest: number; calls: number } | null;
}

/** How deliveries of a team are tried again; each number may be set (`performance`). */
export function rhythmOf(configuration: Configuration | null): Rhythm {
  const {
    retry_attempts,
    retry_delay,
    circuit_breaker = {},
  } = configuration?.human_supervision?.performance ?? {};
  return {
    retries: retry_attempts ?? 8,
    delay: retry_delay ?? 5_000,
    breaker:
      circuit_breaker.enabled === false
        ? null
        : {
            failures: circuit_breaker.failure_threshold ?? 10,
            rest: circuit_breaker.recovery_timeout ?? 30_000,
            calls: circuit_breaker.half_open_max_calls ?? 1,
          },
  };
}

/** Until when a channel is to be left alone at `now`; null: it is not. Across midnight where `until` is not later. */
export function quietUntil(quiet: ChannelSettings['quiet_hours'], now: Date): Date | null {
  if (quiet === undefined) return null;
  const zoned = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(quiet.time_zone);
  const time = zoned.toPlainTime();
  const [from, until] = [Temporal.PlainTime.from(quiet.from), Temporal.PlainTime.from(quiet.until)];
  const after = Temporal.PlainTime.compare(time, from) >= 0;
  const before = Temporal.PlainTime.compare(time, until) < 0;
  const overnight = Temporal.PlainTime.compare(until, from) <= 0;
  if (overnight ? !after && !before : !(after && before)) return null;
  const day = overnight && after ? zoned.toPlainDate().add({ days: 1 }) : zoned.toPlainDate();
  const end = day.toZonedDateTime({ timeZone: quiet.time_zone, plainTime: until });
  return new Date(end.epochMilliseconds);
}
