import type { NewEvent } from '../events/append.ts';
import type { EventType } from '../events/catalog.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { AttributedMove, Attribution } from './moves.ts';
import { budgetIdOf, toDecimal } from './state.ts';

/** Moves that one event tells of at most: some 20 kB. */
const TOLD_AT_ONCE = 250;

/** One thing that was done to one reservation. Without figures: what it held was given back. */
export interface Told extends Attribution {
  readonly projectId: string;
  readonly reservationId: string;
  readonly type: Extract<EventType, 'budget_reserved' | 'budget_committed' | 'budget_released'>;
  readonly tokens: number | null;
  readonly cost: bigint | null;
  /** Its time was over; else somebody asked for it. */
  readonly expired?: boolean;
}

/**
 * The events of moves that were made together: one for each project, actor and kind, as lists of one length, so that
 * every move is in the log and the log keeps up with them.
 */
export function eventsOf(told: readonly Told[], now: Date): NewEvent[] {
  const groups = new Map<string, Told[]>();
  for (const one of told) {
    const key = `${one.type} ${one.projectId} ${one.actor.id} ${one.sessionId} ${one.expired === true}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  const events: NewEvent[] = [];
  for (const group of groups.values()) {
    for (let at = 0; at < group.length; at += TOLD_AT_ONCE)
      events.push(eventOf(group.slice(at, at + TOLD_AT_ONCE), now));
  }
  return events;
}

function eventOf(group: readonly Told[], now: Date): NewEvent {
  const { type, projectId, teamId, sessionId, actor, expired } = group[0]!;
  const reservations: Json = group.map(({ reservationId }) => reservationId);
  const figures: JsonObject =
    type === 'budget_released'
      ? { expired: expired === true }
      : {
          tokens: group.map(({ tokens }) => tokens),
          cost: group.map(({ cost }) => (cost === null ? null : toDecimal(cost))),
        };
  return {
    ...about(projectId, { actor, teamId, sessionId }, now),
    type,
    data: { reservations, ...figures },
  };
}

/** What every event of a budget says of itself. */
export const about = (
  projectId: string,
  { actor, teamId, sessionId }: Attribution,
  now: Date,
): Omit<NewEvent, 'type' | 'data'> => ({
  projectId,
  teamId,
  sessionId,
  subjectId: budgetIdOf(projectId),
  actor,
  occurredAt: now,
});

const TYPES = {
  hold: 'budget_reserved',
  settle: 'budget_committed',
  spend: 'budget_committed',
  release: 'budget_released',
} as const;

/** A move as its event tells it. */
export function told(move: AttributedMove): Told {
  const { projectId, reservationId, actor, teamId, sessionId } = move;
  const [tokens, cost] = move.kind === 'release' ? [null, null] : [move.tokens, move.cost];
  return { projectId, reservationId, actor, teamId, sessionId, type: TYPES[move.kind], tokens, cost };
}
