import type { InterventionUrgency, NotificationChannelType } from '../generated/prisma/enums.ts';
import type { JsonObject } from '../kernel/json.ts';
import { isReport, namesOf, type NotificationName } from './names.ts';
import type { Destination } from './settings.ts';

// Which notifications an event gives reason for, and what becomes of one.
//
//   event ─▶ WAITING_FOR_PLACE ──a place is free──▶ PENDING ──sent──▶ DELIVERED
//                  │                                │  ▲  └─refused, or tried too often─▶ DEAD
//                  └─its request is settled─▶ CANCELLED   └──────────redelivered─────────┘
//                                                 ▲ an edit of a message that is not there
//
// PENDING is due at nextAttemptAt. Whoever tries moves that on by a lease first, and counts the attempt: one that ends
// before it has written what came of it is tried again, under the same id, and only the last one that began is written.

/** As much of an event as planning depends on. */
export interface ToldEvent {
  id: string;
  position: bigint;
  type: string;
  projectId: string;
  teamId: string | null;
  subjectId: string;
  data: JsonObject;
}

/** The intervention that an event is about. */
export interface Item {
  urgency: InterventionUrgency;
  /** Levels of its chain. */
  levels: number;
}

/** A channel of a team's configuration in force, as far as it can be delivered to. */
export interface TeamChannel {
  teamId: string;
  version: number;
  /** Its place in the list. */
  place: number;
  names: readonly string[];
  /** The types of events that its team keeps on record (`audit.events`); null: all. */
  audited: readonly string[] | null;
  destination: Destination;
}

export interface Planned extends Pick<TeamChannel, 'teamId' | 'version' | 'place' | 'destination'> {
  name: NotificationName;
  event: ToldEvent;
  /** By which one event is told once. */
  key: string;
  critical: boolean;
}

/** What quiet hours do not hold back: a stop, and all that is about a CRITICAL item. */
const isUrgent = ({ type }: ToldEvent, item: Item | null): boolean =>
  type === 'emergency_stop_triggered' || item?.urgency === 'CRITICAL';

/** An escalation of a CRITICAL item, or one to the last level. */
const isCriticalEscalation = ({ data }: ToldEvent, item: Item | null): boolean =>
  item !== null &&
  (item.urgency === 'CRITICAL' || (typeof data.level === 'number' && data.level >= item.levels));

/**
 * One for each channel that asks for the event: the team's own, or, where the event is the whole project's, those of all
 * its teams, each place that they lead to once.
 */
export function plan(event: ToldEvent, item: Item | null, channels: readonly TeamChannel[]): Planned[] {
  const names = namesOf(event.type).filter(
    (name) => name !== 'critical_escalation' || isCriticalEscalation(event, item),
  );
  const seen = new Set<string>();
  return channels.flatMap(({ names: asked, audited, ...channel }) => {
    if (event.teamId !== null && event.teamId !== channel.teamId) return [];
    const onRecord = audited === null || audited.includes(event.type);
    const name = names.find((each) => asked.includes(each) && (onRecord || !isReport(each)));
    const key = event.teamId === null ? channel.destination.key : `${channel.teamId}/${channel.place}`;
    if (name === undefined || seen.has(key)) return [];
    seen.add(key);
    return [{ ...channel, name, event, key, critical: isUrgent(event, item) }];
  });
}

/** Milliseconds: no two attempts are further apart, but for what a receiver or quiet hours ask for. */
const LONGEST_WAIT = 3_600_000;

/**
 * Milliseconds until the next attempt after the `attempts`-th failed: doubled each time from `delay`, up to an hour, and
 * less of up to half of it by chance, so that what failed together does not come back together. `chance` is 0 to 1. A
 * receiver's own wish is kept where it is longer.
 */
export function backoff(attempts: number, delay: number, chance: number, wished: number | null): number {
  const full = Math.min(delay * 2 ** Math.min(attempts - 1, 30), LONGEST_WAIT);
  return Math.max(Math.round(full * (1 - chance / 2)), wished ?? 0);
}

/** What came of an attempt. `retryAfter` in milliseconds. `dropped`: there is nothing left to be sent. */
export type Outcome =
  | { kind: 'dropped' }
  | { kind: 'delivered'; reference: string | null }
  | { kind: 'refused'; why: string }
  | { kind: 'failed'; why: string; retryAfter: number | null };

/** Whether there is another attempt after this one failed: `retries` of them follow the first. */
export const mayTryAgain = (outcome: Outcome, attempts: number, retries: number): boolean =>
  outcome.kind === 'failed' && attempts <= retries;

/** Sent at once by one process, and by one lane of it. */
const AT_ONCE = 32;
const IN_A_LANE = 8;

/**
 * Deliveries that a slow receiver would make wait for one another: those to one webhook, and, as all teams' go through one
 * server of mail, of Slack or of Twilio, those of each other kind. `takeDue` says the same in SQL.
 */
export const laneOf = ({
  channel,
  teamId,
  place,
}: {
  channel: NotificationChannelType;
  teamId: string;
  place: number;
}): string => (channel === 'WEBHOOK' ? `${teamId}/${place}` : channel);

/**
 * How many more may be taken at once, of whichever lanes that are not full, so that none of them is overfilled: a receiver
 * that is silent takes up a lane, and no other's room. `sending`: how many of each lane are being sent.
 */
export function roomBeside(sending: ReadonlyMap<string, number>): { limit: number; full: string[] } {
  const counts = [...sending.values()];
  const total = counts.reduce((sum, count) => sum + count, 0);
  const full = [...sending].filter(([, count]) => count >= IN_A_LANE).map(([lane]) => lane);
  const fullest = Math.max(0, ...counts.filter((count) => count < IN_A_LANE));
  return { limit: Math.min(AT_ONCE - total, IN_A_LANE - fullest), full };
}
