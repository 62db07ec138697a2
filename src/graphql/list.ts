import type { Query } from '../database/query.ts';
import { Prisma } from '../generated/prisma/client.ts';
import { RequestError } from '../kernel/errors.ts';
import { isId, type IdPrefix } from '../kernel/ids.ts';
import { snake } from '../sessions/columns.ts';
import { type Listing, type Page, toListing } from './connection.ts';

/** Conditions of a list, all of which hold; `none` of them is the whole table. */
export type Conditions = Prisma.Sql[];

const where = (conditions: Conditions): Prisma.Sql =>
  conditions.length === 0 ? Prisma.empty : Prisma.sql`WHERE ${Prisma.join(conditions, ' AND ')}`;

const asFields = (columns: Record<string, string>): Prisma.Sql =>
  Prisma.raw(
    Object.keys(columns)
      .map((field) => `${snake(field)} AS "${field}"`)
      .join(', '),
  );

/** The rows of these ids, in no order; an id that nothing has is left out. */
export const readByIds = <Row>(
  query: Query,
  table: { name: string; columns: Record<string, string> },
  ids: readonly string[],
): Promise<Row[]> =>
  query(
    Prisma.sql`SELECT ${asFields(table.columns)} FROM ${Prisma.raw(table.name)} WHERE id = ANY(${ids}::text[])`,
  );

/**
 * A page of rows, newest first, by their ids alone: ids sort by the time they were made, so that the index on them
 * serves order and cursor in one. Hand-written SQL, because a partial index is taken only where the condition stands
 * written out in the query.
 */
export async function listNewestFirst<Row extends { id: string }>(
  query: Query,
  table: { name: string; prefix: IdPrefix; columns: Record<string, string> },
  conditions: Conditions,
  page: Page,
): Promise<Listing<Row>> {
  const columns = asFields(table.columns);
  const from = Prisma.raw(table.name);
  const cursor = page.kind === 'forward' ? page.after : page.kind === 'backward' ? page.before : null;
  if (cursor !== null && !isId(table.prefix, cursor)) {
    throw new RequestError(
      'BAD_USER_INPUT',
      `${page.kind === 'forward' ? 'after' : 'before'} is not a cursor of this list`,
    );
  }
  const beyond =
    cursor === null
      ? []
      : [page.kind === 'backward' ? Prisma.sql`id > ${cursor}` : Prisma.sql`id < ${cursor}`];
  const direction = Prisma.raw(page.kind === 'backward' ? 'ASC' : 'DESC');
  const offset = page.kind === 'offset' ? Prisma.sql`OFFSET ${page.offset}` : Prisma.empty;
  const rows = await query<Row>(Prisma.sql`
    SELECT ${columns} FROM ${from} ${where([...conditions, ...beyond])}
    ORDER BY id ${direction} LIMIT ${page.limit + 1} ${offset}`);
  return toListing(page, rows, async () => {
    const [counted] = await query<{ count: bigint }>(
      Prisma.sql`SELECT count(*) AS count FROM ${from} ${where(conditions)}`,
    );
    return Number(counted!.count);
  });
}

/** Values of an enum, written out: the schema has checked them, and only so can a partial index match. */
export function oneOf(column: string, values: readonly string[] | null | undefined): Conditions {
  if (values === null || values === undefined) return [];
  if (values.length === 0) return [Prisma.sql`false`];
  const list = values.map((value) => `'${value.replace(/[^A-Z_]/g, '')}'`);
  return [Prisma.raw(list.length === 1 ? `${column} = ${list[0]}` : `${column} IN (${list.join(', ')})`)];
}

export function equals(column: string, value: string | null | undefined): Conditions {
  return value === null || value === undefined ? [] : [Prisma.sql`${Prisma.raw(column)} = ${value}`];
}

export function within(
  column: string,
  range: { from?: Date | null; to?: Date | null } | null | undefined,
): Conditions {
  return [
    ...(range?.from ? [Prisma.sql`${Prisma.raw(column)} >= ${range.from}`] : []),
    ...(range?.to ? [Prisma.sql`${Prisma.raw(column)} < ${range.to}`] : []),
  ];
}
