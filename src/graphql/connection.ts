import type { ArgBuilder, InputFieldMap } from '@pothos/core';
import { RequestError } from '../kernel/errors.ts';
import { builder } from './builder.ts';

/** Items on a page: 1 to 100, 25 when left out (behaviour 10.1). */
const MOST = 100;
const DEFAULT = 25;

export type Page =
  | { kind: 'forward'; limit: number; after: string | null }
  | { kind: 'backward'; limit: number; before: string | null }
  | { kind: 'offset'; limit: number; offset: number };

export interface PageArgs {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
  pagination?: { limit?: number | null; offset?: number | null } | null;
}

const given = (value: unknown): boolean => value !== null && value !== undefined;

function limitOf(name: string, value: number | null | undefined): number {
  const limit = value ?? DEFAULT;
  if (limit < 1 || limit > MOST) throw new RequestError('BAD_USER_INPUT', `${name} must be 1 to ${MOST}`);
  return limit;
}

/** Which page is asked for. Only one of forward, backward and `pagination` at a time; else BAD_USER_INPUT. */
export function pageOf({ first, after, last, before, pagination }: PageArgs): Page {
  const ways = [given(first) || given(after), given(last) || given(before), given(pagination)];
  if (ways.filter(Boolean).length > 1) {
    throw new RequestError(
      'BAD_USER_INPUT',
      'use first/after, last/before or pagination, not several of them',
    );
  }
  if (given(pagination)) {
    const offset = pagination!.offset ?? 0;
    if (offset < 0 || offset > 1_000_000)
      throw new RequestError('BAD_USER_INPUT', 'offset must be 0 to 1000000');
    return { kind: 'offset', limit: limitOf('limit', pagination!.limit), offset };
  }
  if (ways[1]) return { kind: 'backward', limit: limitOf('last', last), before: before ?? null };
  return { kind: 'forward', limit: limitOf('first', first), after: after ?? null };
}

/** A page of rows in the list's own order, whatever way it was asked for. */
export interface Listing<Row> {
  rows: Row[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  /** Counted only when somebody asks. */
  count: () => Promise<number>;
}

/** Cuts the one row too many, by which one knows that there is more. `rows` come in the direction they were read. */
export function toListing<Row>(page: Page, rows: Row[], count: () => Promise<number>): Listing<Row> {
  const more = rows.length > page.limit;
  const kept = rows.slice(0, page.limit);
  if (page.kind === 'backward') {
    return { rows: kept.reverse(), hasNextPage: page.before !== null, hasPreviousPage: more, count };
  }
  const hasPreviousPage = page.kind === 'offset' ? page.offset > 0 : page.after !== null;
  return { rows: kept, hasNextPage: more, hasPreviousPage, count };
}

interface PageInfoShape {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

const PageInfo = builder.objectRef<PageInfoShape>('PageInfo').implement({
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage'),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage'),
    startCursor: t.exposeString('startCursor', { nullable: true }),
    endCursor: t.exposeString('endCursor', { nullable: true }),
  }),
});

const PaginationInput = builder.inputType('PaginationInput', {
  description: 'A page by number, for tables. limit 1 to 100.',
  fields: (t) => ({ limit: t.int({ defaultValue: DEFAULT }), offset: t.int({ defaultValue: 0 }) }),
});

// Builders of arguments and types take the schema's own types; naming them here would say nothing more.
type Args = ArgBuilder<typeof builder extends PothosSchemaTypes.SchemaBuilder<infer Types> ? Types : never>;

export const cursorArgs = (arg: Args) =>
  ({
    first: arg.int({ description: '1 to 100; 25 when left out.' }),
    after: arg.string(),
    last: arg.int({ description: '1 to 100.' }),
    before: arg.string(),
  }) satisfies InputFieldMap;

export const pageArgs = (arg: Args) =>
  ({ ...cursorArgs(arg), pagination: arg({ type: PaginationInput }) }) satisfies InputFieldMap;

/** `<name>Connection` with edges, nodes, pageInfo and a count that costs nothing unless asked for. */
export function connectionType<Row>(name: string, node: unknown, cursorOf: (row: Row) => string) {
  const Edge = builder.objectRef<Row>(`${name}Edge`).implement({
    fields: (t) => ({
      cursor: t.string({ resolve: (row) => cursorOf(row) }),
      node: t.field({ type: node as never, resolve: (row: Row) => row as never }),
    }),
  });
  return builder.objectRef<Listing<Row>>(`${name}Connection`).implement({
    fields: (t) => ({
      edges: t.field({ type: [Edge], resolve: ({ rows }) => rows as never }),
      nodes: t.field({ type: [node as never], resolve: ({ rows }) => rows as never }),
      pageInfo: t.field({
        type: PageInfo,
        resolve: ({ rows, hasNextPage, hasPreviousPage }) => ({
          hasNextPage,
          hasPreviousPage,
          startCursor: rows.length === 0 ? null : cursorOf(rows[0]!),
          endCursor: rows.length === 0 ? null : cursorOf(rows.at(-1)!),
        }),
      }),
      totalCount: t.int({ resolve: ({ count }) => count() }),
    }),
  });
}

export const TimeRangeInput = builder.inputType('TimeRangeInput', {
  description: 'From, inclusive, to, exclusive; either may be left open.',
  fields: (t) => ({ from: t.field({ type: 'DateTime' }), to: t.field({ type: 'DateTime' }) }),
});
