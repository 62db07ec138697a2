import { type Event, Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import type { EventFilter, EventScope } from './filter.ts';

/** A stretch of the log, both ends exclusive. */
export interface Stretch {
  after?: bigint | null;
  before?: bigint | null;
}

const FIRST = 0n;
const LAST = 9_223_372_036_854_775_807n;

const columns = Prisma.raw(
  Object.entries({
    position: 'position',
    id: 'id',
    type: 'type',
    projectId: 'project_id',
    teamId: 'team_id',
    sessionId: 'session_id',
    subjectId: 'subject_id',
    actor: 'actor',
    data: 'data',
    salt: 'salt',
    contentDigest: 'content_digest',
    digest: 'digest',
    occurredAt: 'occurred_at',
    previousHash: 'previous_hash',
    hash: 'hash',
  } satisfies Record<keyof Event, string>)
    .map(([field, column]) => `${column} AS "${field}"`)
    .join(', '),
);

/** At most `limit` events of the stretch, from its beginning or (`desc`) from its end. */
export function selectEvents(
  prisma: PrismaClient,
  scope: EventScope,
  filter: EventFilter,
  { limit, order = 'asc', ...stretch }: Stretch & { limit: number; order?: 'asc' | 'desc' },
): Promise<Event[]> {
  const { where, sort } = selection(scope, filter, stretch);
  const direction = Prisma.raw(order);
  const by = Prisma.join(
    sort.map((column) => Prisma.sql`${column} ${direction}`),
    ', ',
  );
  return prisma.$queryRaw<
    Event[]
  >`SELECT ${columns} FROM events WHERE ${where} ORDER BY ${by} LIMIT ${limit}`;
}

export async function countEvents(
  prisma: PrismaClient,
  scope: EventScope,
  filter: EventFilter,
): Promise<number> {
  const { where } = selection(scope, filter, {});
  const [row] = await prisma.$queryRaw<
    { count: bigint }[]
  >`SELECT count(*) AS count FROM events WHERE ${where}`;
  return Number(row!.count);
}

/**
 * The filter as a condition, written so that the index of its narrowest column is taken: as a stretch of (column,
 * position), sorted by both. With column = value instead, the planner would rather read the whole log by position from
 * the cursor on, expecting a match every few rows, and a project that has fallen silent makes that all the rows there are.
 */
function selection(scope: EventScope, filter: EventFilter, { after, before }: Stretch) {
  const [from, to] = [after ?? FIRST, before ?? LAST];
  const equal = [
    ['subject_id', filter.subjectId],
    ['session_id', filter.sessionId],
    ['project_id', scope.projectId],
    ['project_id', filter.projectId],
    ['team_id', filter.teamId],
  ].flatMap(([column, value]) => (value == null ? [] : [[Prisma.raw(column!), value] as const]));
  const narrowest = equal[0]?.[0].sql === 'team_id' ? undefined : equal.shift();
  const position = Prisma.raw('position');
  const { types, actor } = filter;
  const { from: since, to: until } = filter.occurredAt ?? {};
  const conditions = [
    narrowest
      ? Prisma.sql`(${narrowest[0]}, position) > (${narrowest[1]}::text, ${from}::bigint)
          AND (${narrowest[0]}, position) < (${narrowest[1]}::text, ${to}::bigint)`
      : Prisma.sql`position > ${from} AND position < ${to}`,
    ...equal.map(([column, value]) => Prisma.sql`${column} = ${value}`),
    ...(types ? [Prisma.sql`type = ANY(${[...new Set(types)]}::text[])`] : []),
    ...(actor == null
      ? []
      : [
          Prisma.sql`(actor->>'id' = ${actor}
            OR position(lower(${actor}::text COLLATE "C") in lower((actor->>'name') COLLATE "C")) > 0)`,
        ]),
    ...(since == null ? [] : [Prisma.sql`occurred_at >= ${since}::timestamptz`]),
    ...(until == null ? [] : [Prisma.sql`occurred_at < ${until}::timestamptz`]),
  ];
  return { where: Prisma.join(conditions, ' AND '), sort: narrowest ? [narrowest[0], position] : [position] };
}
