import { unsealed, type UnsealedRow } from '../events/append.ts';
import type { Ids } from '../kernel/ids.ts';
import { eventColumns, idempotencyColumns, signalColumns, snake } from '../sessions/columns.ts';
import type { Query } from '../database/query.ts';
import { alertsOf, begin, type BudgetDraft } from './draft.ts';
import { eventsOf } from './move-events.ts';
import type { Reservation } from './moves.ts';
import type { RememberedKey } from './plain-moves.ts';
import { isOver } from './rules.ts';
import { budgetColumns, budgetRow, reviveBudget, toDecimal, toUnits } from './state.ts';

// Budgets under their rows' locks: read, decided by the rules in a draft, and written, in the caller's transaction.
// Locks reservations by id, then budgets by project, behind everything else that a change locks.

const reservationColumns = {
  id: 'text',
  projectId: 'text',
  approvalId: 'text',
  tokens: 'int',
  cost: 'numeric',
  status: 'reservation_status',
  committedTokens: 'int',
  committedCost: 'numeric',
  createdAt: 'timestamptz',
  expiresAt: 'timestamptz',
};

const alertColumns = {
  budgetId: 'text',
  limitType: 'budget_limit_type',
  alertType: 'budget_alert_type',
  periodStart: 'timestamptz',
  thresholdValue: 'numeric',
  currentValue: 'numeric',
  triggeredAt: 'timestamptz',
};

const EXACT = new Set(['bigint', 'numeric']);

/** The columns as they are in the code; exact numbers as text, whatever a driver makes of them. */
export const selectColumns = (columns: Record<string, string>, alias: string): string =>
  Object.entries(columns)
    .map(([field, type]) => `${alias}.${snake(field)}${EXACT.has(type) ? '::text' : ''} AS "${field}"`)
    .join(', ');

/** `b` is the budget; the time zone is the one before the lock, if that had to be waited for. */
export const selectBudget = `${selectColumns(budgetColumns, 'b')},
  (SELECT p.time_zone FROM projects p WHERE p.id = b.project_id) AS "timeZone"`;
export const selectReservation = selectColumns(reservationColumns, 'r');

type Row = Record<string, unknown>;

export function reviveReservation(row: Row): Reservation {
  const cost = (field: string) => (row[field] === null ? null : toUnits(row[field] as string));
  return { ...(row as unknown as Reservation), cost: cost('cost')!, committedCost: cost('committedCost') };
}

export const lockReservations = (query: Query, ids: readonly string[]) =>
  readReservations(query, ids, 'FOR NO KEY UPDATE');

/** By their ids; those that are not there are left out. */
export async function readReservations(
  query: Query,
  ids: readonly string[],
  lock: '' | 'FOR NO KEY UPDATE' = '',
): Promise<Map<string, Reservation>> {
  if (ids.length === 0) return new Map();
  const rows = await query<Row>({
    text: `SELECT ${selectReservation} FROM budget_reservations r WHERE r.id = ANY($1::text[]) ORDER BY r.id ${lock}`,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.id as string, reviveReservation(row)]));
}

/** The budgets of these projects, with the periods begun that run at `now`. */
export async function lockBudgets(
  query: Query,
  projectIds: readonly string[],
  now: Date,
): Promise<Map<string, BudgetDraft>> {
  const rows = await query<Row>({
    text: `SELECT ${selectBudget}, ARRAY(SELECT concat_ws(' ', a.limit_type, a.alert_type, floor(extract(epoch FROM a.period_start) * 1000)::bigint)
        FROM budget_alerts a WHERE a.budget_id = b.id AND a.period_start >= least(b.day_start, b.month_start)) AS raised
      FROM budgets b WHERE b.project_id = ANY($1::text[]) ORDER BY b.project_id FOR NO KEY UPDATE OF b`,
    values: [projectIds],
  });
  const budgets = rows.map((row) => ({ read: reviveBudget(row), raised: new Set(row.raised as string[]) }));
  const over = budgets.filter(({ read }) => isOver(read, now)).map(({ read }) => read.projectId);
  const zones = await readZones(query, over);
  return new Map(
    budgets.map(({ read, raised }) => {
      const timeZone = zones.get(read.projectId) ?? read.timeZone;
      return [read.projectId, begin({ ...read, timeZone }, raised, now)];
    }),
  );
}

/** After the lock: whoever changes a zone holds the budget too, so that this is the zone that the next period has. */
async function readZones(query: Query, projectIds: readonly string[]): Promise<Map<string, string>> {
  if (projectIds.length === 0) return new Map();
  const rows = await query<{ id: string; zone: string }>({
    text: 'SELECT id, time_zone AS zone FROM projects WHERE id = ANY($1::text[])',
    values: [projectIds],
  });
  return new Map(rows.map(({ id, zone }) => [id, zone]));
}

const records = (list: string, columns: Record<string, string>): string =>
  `jsonb_to_recordset($1::jsonb->'${list}') AS t(${Object.entries(columns)
    .map(([field, type]) => `"${field}" ${type}`)
    .join(', ')})`;

const insert = (table: string, list: string, columns: Record<string, string>, tail = ''): string =>
  `INSERT INTO ${table} (${Object.keys(columns).map(snake).join(', ')})
    SELECT ${Object.keys(columns)
      .map((field) => `t."${field}"`)
      .join(', ')} FROM ${records(list, columns)} ${tail}`;

const assign = (columns: object, fixed: readonly string[]): string =>
  Object.keys(columns)
    .filter((field) => !fixed.includes(field))
    .map((field) => `${snake(field)} = t."${field}"`)
    .join(', ');

const WRITE = `
  WITH budgets_changed AS (
    UPDATE budgets b SET ${assign(budgetColumns, ['id', 'projectId', 'emergencyStopTriggered'])}
    FROM ${records('budgets', budgetColumns)} WHERE b.project_id = t."projectId"),
  made AS (${insert('budget_reservations', 'made', reservationColumns)}),
  ended AS (
    UPDATE budget_reservations r SET status = t."status", committed_tokens = t."committedTokens", committed_cost = t."committedCost"
    FROM ${records('ended', reservationColumns)} WHERE r.id = t."id"),
  alerts AS (${insert('budget_alerts', 'alerts', alertColumns)}),
  signals AS (${insert('stop_signals', 'signals', signalColumns)}),
  keys AS (${insert('idempotency_keys', 'keys', idempotencyColumns)}),
  events AS (${insert('unsealed_events', 'events', eventColumns)})
  SELECT 1`;

export interface Written {
  events: UnsealedRow[];
  /** The projects that were given a reason to stop: `stops.look` is to be called behind the commit. */
  signalled: string[];
}

/** Writes what was decided of budgets that this transaction has locked; nothing where nothing was. */
export async function writeBudgets(
  query: Query,
  ids: Ids,
  drafts: Iterable<BudgetDraft>,
  now: Date,
  keys: readonly RememberedKey[] = [],
): Promise<Written> {
  const all = [...drafts];
  const alerts = all.flatMap((draft) => alertsOf(draft, now));
  const told = all.flatMap((draft) => draft.told);
  const events = [
    ...all.flatMap((draft) => draft.events),
    ...eventsOf(told, now),
    ...alerts.map(({ event }) => event),
  ];
  const rows = events.map((event) => unsealed(ids, event));
  const reservations = all.map(reservationsOf);
  const changed = all.filter(({ state, read }) => state !== read);
  const signals = all.flatMap(({ signals: given, read: { projectId } }) =>
    given.map((signal) => ({ ...signal, projectId, createdAt: now })),
  );
  if (changed.length + signals.length > 0)
    await query({
      text: WRITE,
      values: [
        JSON.stringify({
          budgets: changed.map(({ state }) => budgetRow({ ...state, updatedAt: now })),
          made: reservations.flatMap(({ made }) => made.map(reservationRow)),
          ended: reservations.flatMap(({ ended }) => ended.map(reservationRow)),
          alerts: alerts.map(({ row }) => row),
          signals,
          keys,
          events: rows,
        }),
      ],
    });
  return { events: rows, signalled: [...new Set(signals.map(({ projectId }) => projectId))] };
}

const reservationRow = (reservation: Reservation) => ({
  ...reservation,
  cost: toDecimal(reservation.cost),
  committedCost: reservation.committedCost === null ? null : toDecimal(reservation.committedCost),
});

/** As they stand at last: one may be made and end, or run out of time and be committed, in one draft. */
function reservationsOf({ made, ended }: BudgetDraft): { made: Reservation[]; ended: Reservation[] } {
  const latest = new Map([...made, ...ended].map((reservation) => [reservation.id, reservation]));
  const isNew = new Set(made.map(({ id }) => id));
  const rows = [...latest.values()];
  return { made: rows.filter(({ id }) => isNew.has(id)), ended: rows.filter(({ id }) => !isNew.has(id)) };
}
