import type { RawTx } from './transact.ts';

/**
 * Rows are looked up by key, few at a time, and the pages that they are on are mostly in memory. At the planner's own
 * price for a page it takes a bitmap for them, which leaves the index entries of dead rows where they are: a session that
 * has asked a thousand times then reads a thousand of them each time until the next vacuum.
 */
export const RANDOM_PAGE_COST = 1;

/** SQL with its arguments, $1 and on; what Prisma's `sql` template makes is one. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Sends one statement as it is, past Prisma, for those that every request takes: they name no model, and what Prisma
 * does to arguments and rows cost as much as the statement. Rows come by column name: JSON parsed, instants as Date,
 * bigint as BigInt, a list of an enum as text. Errors carry the SQLSTATE as `code`; faults.ts knows them.
 */
export type Query = <Row>(statement: Statement) => Promise<Row[]>;

/** The same through Prisma, in a transaction that is open or for what only Prisma reads. */
export const queryWithin =
  (tx: RawTx): Query =>
  <Row>({ text, values }: Statement) =>
    tx.$queryRawUnsafe<Row[]>(text, ...values);
