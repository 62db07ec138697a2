import { eventColumns, idempotencyColumns, snake } from '../sessions/columns.ts';

// The one statement that plain moves take: those that fit as they stand, in periods that run, of holds that stand, and
// that reach no alert. It needs no BEGIN, and carries any number of them. A project that is not in its answer had
// something about it that must be decided by the rules, under its rows' locks: see book.ts. Nothing of that project was
// written then.

export interface Parts {
  holds: boolean;
  ends: boolean;
  keys: boolean;
}

/** One text of values, taken apart by the server: encoding lists value by value cost the client more than all else. */
const list = (parameter: string, type: string): string =>
  `string_to_array(${parameter}, ',')${type === 'text' ? '' : `::${type}[]`}`;

const lists = (parameters: readonly string[], types: readonly string[]): string =>
  parameters.map((parameter, at) => list(parameter, types[at]!)).join(', ');

interface LineColumns {
  used: string;
  reserved: string;
  limit: string;
  overridden: string;
  unit: 'tokens' | 'cost';
}

const LINES: readonly LineColumns[] = (['daily', 'monthly'] as const).flatMap((period) =>
  (['tokens', 'cost'] as const).map((unit) => ({
    used: `b.${period}_${unit}_used`,
    reserved: `b.${unit}_reserved`,
    limit: `b.${period}_${unit === 'tokens' ? 'token' : 'cost'}_limit`,
    overridden: `b.${period}_${unit}_overridden`,
    unit,
  })),
);

const fits = LINES.map(
  ({ used, reserved, limit, overridden, unit }) =>
    `${used} + ${reserved} + d.reserved_${unit} + d.spent_${unit} <= ${limit} + ${overridden}`,
).join(' AND ');

/** How many of the levels that every line has are reached. */
const band = (used: string, { limit, overridden }: LineColumns): string =>
  `(CASE WHEN ${used} <= 0 OR ${used}::numeric * 100 < 80 * (${limit} + ${overridden}) THEN 0
    WHEN ${used}::numeric * 100 < 95 * (${limit} + ${overridden}) THEN 1 ELSE 2 END)`;

/** Spending that reaches no alert, and keeps the day's cost below the emergency level (behaviour 6.4). */
const quiet = [
  ...LINES.map((line) => `${band(line.used, line)} = ${band(`(${line.used} + d.spent_${line.unit})`, line)}`),
  `(b.daily_cost_used + b.cost_reserved + d.reserved_cost + d.spent_cost) * 100 < 150 * (b.daily_cost_limit + b.daily_cost_overridden)`,
].join(' AND ');

const use = LINES.map(({ used, unit }) => `${used.slice(2)} = ${used} + d.spent_${unit}`).join(', ');

/** Rows of a JSON list, of the projects that were moved. */
const insert = (table: string, columns: Record<string, string>, json: string): string => {
  const read = Object.entries({ ...columns, projectId: 'text' }).map(([field, type]) => `"${field}" ${type}`);
  return `INSERT INTO ${table} (${Object.keys(columns).map(snake).join(', ')})
    SELECT ${Object.keys(columns)
      .map((field) => `r."${field}"`)
      .join(', ')} FROM jsonb_to_recordset(${json}::jsonb) AS r(${read.join(', ')})
    JOIN moved ON moved.project_id = r."projectId"`;
};

/** A hold names its project by its place among those that are moved, and its instants by the milliseconds since now. */
const held = (parameters: readonly string[], now: string): string => `held AS (
    INSERT INTO budget_reservations (id, project_id, approval_id, tokens, cost, status, created_at, expires_at)
    SELECT a.id, w.project_id, nullif(a.approval_id, ''), a.tokens, a.cost, 'HELD',
      ${now}::timestamptz + a.created * interval '1 millisecond', ${now}::timestamptz + a.expires * interval '1 millisecond'
    FROM unnest(${lists(parameters, ['text', 'int', 'text', 'int', 'numeric', 'bigint', 'bigint'])})
      WITH ORDINALITY AS a(id, place, approval_id, tokens, cost, created, expires, ordinal)
    JOIN wanted w ON w.place = a.place JOIN moved ON moved.project_id = w.project_id ORDER BY a.ordinal)`;

const ending = (parameters: readonly string[]): string => `ending AS MATERIALIZED (
    SELECT i.settles, r.project_id, r.id, i.tokens, i.cost, r.tokens AS freed_tokens, r.cost AS freed_cost
    FROM unnest(${lists(parameters, ['text', 'boolean', 'int', 'numeric'])}) AS i(id, settles, tokens, cost)
    JOIN budget_reservations r ON r.id = i.id
    WHERE r.id = ANY(${list(parameters[0]!, 'text')}) AND r.status = 'HELD' ORDER BY r.id FOR NO KEY UPDATE OF r),
  ends AS (
    SELECT project_id, count(*) AS count, sum(freed_tokens) AS freed_tokens, sum(freed_cost) AS freed_cost,
      sum(CASE WHEN settles THEN tokens ELSE 0 END) AS spent_tokens, sum(CASE WHEN settles THEN cost ELSE 0 END) AS spent_cost
    FROM ending GROUP BY project_id),
  delta AS (
    SELECT w.project_id, w.holds > 0 AS holds, w.tokens - coalesce(e.freed_tokens, 0) AS reserved_tokens,
      w.cost - coalesce(e.freed_cost, 0) AS reserved_cost, coalesce(e.spent_tokens, 0) AS spent_tokens,
      coalesce(e.spent_cost, 0) AS spent_cost
    FROM wanted w LEFT JOIN ends e ON e.project_id = w.project_id WHERE w.ends = coalesce(e.count, 0))`;

const ended = (ids: string): string => `ended AS (
    UPDATE budget_reservations r SET
      status = (CASE WHEN e.settles THEN 'COMMITTED' ELSE 'RELEASED' END)::reservation_status,
      committed_tokens = CASE WHEN e.settles THEN e.tokens END, committed_cost = CASE WHEN e.settles THEN e.cost END
    FROM ending e JOIN moved ON moved.project_id = e.project_id WHERE r.id = e.id AND r.id = ANY(${list(ids, 'text')}))`;

const moved = (projects: string, now: string, ends: boolean): string => `locked AS MATERIALIZED (
    SELECT project_id FROM budgets
    WHERE project_id = ANY(${list(projects, 'text')}) AND project_id IN (SELECT project_id FROM delta)
    ORDER BY project_id FOR NO KEY UPDATE),
  moved AS (
    UPDATE budgets b SET tokens_reserved = b.tokens_reserved + d.reserved_tokens,
      cost_reserved = b.cost_reserved + d.reserved_cost, ${ends ? `${use},` : ''} updated_at = ${now}::timestamptz
    FROM delta d JOIN locked ON locked.project_id = d.project_id
    WHERE b.project_id = d.project_id AND b.project_id = ANY(${list(projects, 'text')})
      AND b.day_end > ${now}::timestamptz AND b.month_end > ${now}::timestamptz
      AND (NOT d.holds OR (NOT b.emergency_stop_triggered AND ${fits}))
      ${ends ? `AND ((d.spent_tokens = 0 AND d.spent_cost = 0) OR (${quiet}))` : ''}
    RETURNING b.project_id)`;

function write({ holds, ends, keys }: Parts): string {
  let given = 0;
  const take = (count: number): string[] => Array.from({ length: count }, () => `$${++given}`);
  const wanted = take(5);
  const [now, events] = take(2) as [string, string];
  const asked = take(holds ? 7 : 0);
  const endings = take(ends ? 4 : 0);
  const [remembered] = take(keys ? 1 : 0);
  return `WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(${lists(wanted, ['text', 'bigint', 'numeric', 'int', 'int'])}) WITH ORDINALITY
      AS w(project_id, tokens, cost, holds, ends, place)),
  ${
    ends
      ? ending(endings)
      : `delta AS (
    SELECT project_id, true AS holds, tokens AS reserved_tokens, cost AS reserved_cost, 0 AS spent_tokens, 0 AS spent_cost
    FROM wanted)`
  },
  ${[
    moved(wanted[0]!, now, ends),
    ...(holds ? [held(asked, now)] : []),
    ...(ends ? [ended(endings[0]!)] : []),
    ...(remembered ? [`keys AS (${insert('idempotency_keys', idempotencyColumns, remembered)})`] : []),
    `events AS (${insert('unsealed_events', eventColumns, events)})`,
  ].join(',\n  ')}
  SELECT project_id AS "projectId" FROM moved`;
}

const texts = new Map<string, string>();

/**
 * Its parameters, lists all but two as texts with commas: for each project its id, the tokens and the cost that are to
 * be held, how many holds, how many ends; now; the events, as JSON; where there are holds, their ids, the places of their
 * projects among the first, approvals, tokens, costs, and in milliseconds from now their beginnings and ends; where holds
 * end, their ids, whether they are settled, and the real tokens and costs; where there are idempotency keys, these as
 * JSON.
 */
export function moveStatement(parts: Parts): string {
  const key = `${parts.holds} ${parts.ends} ${parts.keys}`;
  const known = texts.get(key) ?? write(parts);
  texts.set(key, known);
  return known;
}
