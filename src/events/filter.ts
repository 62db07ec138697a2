import type { Event } from '../generated/prisma/client.ts';

/** Which events are asked for: everything named must hold; what is left out or null selects nothing away. */
export interface EventFilter {
  /** An empty list selects no event. */
  types?: readonly string[] | null;
  projectId?: string | null;
  teamId?: string | null;
  sessionId?: string | null;
  subjectId?: string | null;
  /** The whole id of who acted, or a part of their name, in either case of A to Z. What was erased has none. */
  actor?: string | null;
  /** From, inclusive, to, exclusive. */
  occurredAt?: { from?: Date | null; to?: Date | null } | null;
}

/** What a viewer may see: the events of one project, or (null) every event, also those of no project. */
export interface EventScope {
  projectId: string | null;
}

const exact = ['projectId', 'teamId', 'sessionId', 'subjectId'] as const;

/** What PostgreSQL's lower() does in the collation "C", and no more. */
const lowered = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

function isBy({ actor }: Pick<Event, 'actor'>, text: string): boolean {
  const { id, name } = (actor ?? {}) as { id?: string; name?: string };
  return id === text || (name !== undefined && lowered(name).includes(lowered(text)));
}

/** The filter as a pure predicate. `selectEvents` says the same in SQL; a property test holds them to it. */
export function eventPredicate({ projectId }: EventScope, filter: EventFilter): (event: Event) => boolean {
  const types = filter.types ? new Set(filter.types) : null;
  const wanted = exact.flatMap((field) => (filter[field] == null ? [] : [[field, filter[field]] as const]));
  const { from, to } = filter.occurredAt ?? {};
  const { actor } = filter;
  return (event) =>
    (projectId === null || event.projectId === projectId) &&
    wanted.every(([field, value]) => event[field] === value) &&
    (types === null || types.has(event.type)) &&
    (actor == null || isBy(event, actor)) &&
    (from == null || event.occurredAt >= from) &&
    (to == null || event.occurredAt < to);
}

/** One text for filters that select the same, whatever the order in which they name it. */
export function filterKey({ projectId }: EventScope, filter: EventFilter): string {
  const { from, to } = filter.occurredAt ?? {};
  return JSON.stringify([
    projectId,
    exact.map((field) => filter[field] ?? null),
    filter.types ? [...new Set(filter.types)].sort() : null,
    filter.actor ?? null,
    from?.toISOString() ?? null,
    to?.toISOString() ?? null,
  ]);
}
