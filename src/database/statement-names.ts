/** Names that one process gives out: each is kept by every session of the pool, at some 20–50 kB in PostgreSQL. */
const MOST_NAMES = 256;
/** Seen this often, a statement is one that is sent again and again. */
const OFTEN = 5;
/** Different statements counted before counting starts anew, so that one-off texts do not add up. */
const MOST_COUNTED = 2_000;

/**
 * Names the statements that come again and again, so that PostgreSQL parses (and mostly plans) them once a session.
 * Statements without arguments stay unnamed: they take a shorter way already.
 */
export function createStatementNames(): (query: {
  sql: string;
  args: readonly unknown[];
}) => string | undefined {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  return ({ sql, args }) => {
    const name = names.get(sql);
    if (name !== undefined || args.length === 0 || names.size >= MOST_NAMES) return name;
    const count = (counts.get(sql) ?? 0) + 1;
    if (count < OFTEN) {
      if (counts.size >= MOST_COUNTED) counts.clear();
      counts.set(sql, count);
      return undefined;
    }
    counts.delete(sql);
    names.set(sql, `h${names.size}`);
    return names.get(sql);
  };
}
