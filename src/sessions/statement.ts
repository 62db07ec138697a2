import {
  agentColumns,
  eventColumns,
  idempotencyColumns,
  interventionColumns,
  interventionMoves,
  sessionColumns,
  sessionMoves,
  snake,
  taskColumns,
  turnColumns,
} from './columns.ts';

// The two statements that every change of a session takes: one reads, one writes. Both take any number of changes at
// once, and each part that a batch does not use is left out of the text, so that the few texts
// that remain are prepared once and planned once.

type Columns = Record<string, string>;

/** Each text is put together once. */
function once<Parts extends object>(write: (parts: Parts) => string): (parts: Parts) => string {
  const texts = new Map<string, string>();
  return (parts) => {
    const key = JSON.stringify(parts);
    const known = texts.get(key);
    if (known !== undefined) return known;
    const text = write(parts);
    texts.set(key, text);
    return text;
  };
}

const names = (columns: Columns, alias = ''): string =>
  Object.keys(columns)
    .map((field) => alias + snake(field))
    .join(', ');

/** `jsonb_to_recordset` over one list of the parameter: snake_case columns out of camelCase keys. */
const records = (list: string, columns: Columns, more: Columns = {}): string => {
  const all = Object.entries({ ...columns, ...more });
  return `(SELECT ${all.map(([field]) => `"${field}" AS ${snake(field)}`).join(', ')}
    FROM jsonb_to_recordset($1::jsonb->'${list}') AS t(${all.map(([field, type]) => `"${field}" ${type}`).join(', ')}))`;
};

const set = (moves: readonly string[]): string =>
  moves.map((field) => `${snake(field)} = r.${snake(field)}`).join(', ');

const asJson = (columns: Columns, alias: string): string =>
  `json_build_object(${Object.keys(columns)
    .map((field) => `'${field}', ${alias}.${snake(field)}`)
    .join(', ')})`;

const jsonRows = (columns: Columns, table: string, where: string, order = 'x.id'): string =>
  `(SELECT coalesce(json_agg(${asJson(columns, 'x')} ORDER BY ${order}), '[]') FROM ${table} x WHERE ${where})`;

export interface Reads {
  /** Some command names its session. */
  sessions: boolean;
  /** Some command names an intervention. */
  interventions: boolean;
  /** Some command names a task. */
  tasks: boolean;
  /** Some command wants answers that were not delivered yet. */
  undelivered: boolean;
}

/**
 * Reads the sessions that the commands are about, each with its open interventions and its team's queue. Parameters,
 * lists of text all: $1 the sessions named, $2 the interventions, $3 the tasks, $4 the sessions ("*": all of these)
 * whose undelivered answers are wanted too. Lists, not a record set: the planner expects few of them, and takes the
 * indexes also while the tables are small. Each row comes as one JSON value: decoding it column by column cost more than
 * all the rest of a round.
 */
export const loadStatement = once(({ sessions, interventions, tasks, undelivered }: Reads): string => {
  const targets = [
    ...(sessions ? ['SELECT unnest($1::text[])'] : []),
    ...(interventions ? ['SELECT session_id FROM interventions WHERE id = ANY($2::text[])'] : []),
    ...(tasks ? ['SELECT session_id FROM tasks WHERE id = ANY($3::text[])'] : []),
  ];
  const none = "'[]'::json";
  const found = (table: string, columns: Columns, where: string): string =>
    jsonRows(columns, table, `x.session_id = s.id AND ${where}`);
  return `
  SELECT json_build_object('session', ${asJson(sessionColumns, 's')}, 'queuePending', q.pending,
    'openInterventions', ${found('interventions', interventionColumns, 'x.open')},
    'namedInterventions', ${interventions ? found('interventions', interventionColumns, 'NOT x.open AND x.id = ANY($2::text[])') : none},
    'tasks', ${tasks ? found('tasks', taskColumns, 'x.id = ANY($3::text[])') : none},
    'undelivered', ${
      undelivered
        ? found(
            'interventions',
            interventionColumns,
            "NOT x.open AND x.delivery = 'PENDING' AND $4::text[] && ARRAY[s.id, '*']",
          )
        : none
    }) AS found
  FROM sessions s JOIN intervention_queues q ON q.team_id = s.team_id
  WHERE $1::text[] IS NOT NULL AND $2::text[] IS NOT NULL AND $3::text[] IS NOT NULL AND $4::text[] IS NOT NULL
    AND s.id = ANY(ARRAY(${targets.join(' UNION ')}))`;
});

/** What a batch of changes contains; the statement has a part for each that is true. */
export interface Writes {
  created: boolean;
  moved: boolean;
  queued: boolean;
  asked: boolean;
  updated: boolean;
  turns: boolean;
  tasks: boolean;
  agents: boolean;
  keys: boolean;
}

const more: Columns = { created: 'boolean', expected: 'int', queueDelta: 'int', queueBound: 'int' };

/**
 * Writes the changes whose session still stands at the version they were decided on (or is new), and whose team's queue
 * still has room: state, events and idempotency keys together, or nothing of that change. Returns the ids that won.
 *
 * Locks in one order, sessions by id, then queues by team, then agents and idempotency keys, each by its own key, so that
 * two replicas' batches cannot wait for each other in a circle. Whoever comes second finds another version, and no row (behaviour 4.2). $1: everything, as JSON; $2: the
 * ids of the sessions; $3: those of the interventions updated (for the planner, as above).
 */
export const writeStatement = once((writes: Writes): string => {
  const part = (wanted: boolean, text: string): string => (wanted ? `, ${text}` : '');
  const insert = (table: string, list: string, columns: Columns, tail = ''): string =>
    `(INSERT INTO ${table} (${names(columns)}) SELECT ${names(columns, 'r.')}
      FROM ${records(list, columns)} r JOIN won ON won.id = r.session_id ${tail})`;
  return `
  WITH input AS MATERIALIZED ${records('sessions', sessionColumns, more)}
  ${part(
    writes.moved,
    `locked AS MATERIALIZED (
    SELECT s.id FROM sessions s JOIN input r ON s.id = r.id AND s.version = r.expected
    WHERE s.id = ANY($2::text[]) ORDER BY s.id FOR NO KEY UPDATE OF s)`,
  )},
  standing AS (SELECT r.* FROM input r WHERE r.created ${writes.moved ? 'OR r.id IN (SELECT id FROM locked)' : ''})
  ${part(
    writes.queued,
    `line AS MATERIALIZED (
    SELECT q.team_id FROM intervention_queues q
    WHERE q.team_id IN (SELECT team_id FROM standing WHERE queue_delta <> 0) ORDER BY q.team_id FOR NO KEY UPDATE),
  delta AS (
    SELECT team_id, sum(queue_delta)::int AS delta, max(queue_bound) AS bound FROM standing
    WHERE queue_delta <> 0 GROUP BY team_id),
  admitted AS (
    UPDATE intervention_queues q SET pending = q.pending + d.delta FROM delta d JOIN line USING (team_id)
    WHERE q.team_id = d.team_id AND (d.delta <= 0 OR q.pending + d.delta <= d.bound) RETURNING q.team_id)`,
  )},
  won AS MATERIALIZED (
    SELECT r.* FROM standing r ${writes.queued ? 'WHERE r.queue_delta = 0 OR r.team_id IN (SELECT team_id FROM admitted)' : ''})
  ${part(
    writes.moved,
    `moved AS (
    UPDATE sessions s SET version = s.version + 1, context = coalesce(r.context, s.context), ${set(sessionMoves)}
    FROM won r WHERE s.id = r.id AND NOT r.created AND s.id = ANY($2::text[]))`,
  )}
  ${part(
    writes.created,
    `created AS (INSERT INTO sessions (${names(sessionColumns)}) SELECT ${names(sessionColumns, 'r.')} FROM won r WHERE r.created)`,
  )}
  ${part(writes.asked, `asked AS ${insert('interventions', 'asked', interventionColumns)}`)}
  ${part(
    writes.updated,
    // What is written is settled first: in one join of three, the planner expects two rows and compares all with all.
    `settled AS MATERIALIZED (
    SELECT r.* FROM ${records('updated', interventionColumns)} r JOIN won ON won.id = r.session_id),
  updated AS (
    UPDATE interventions i SET ${set(interventionMoves)} FROM settled r
    WHERE i.id = r.id AND i.id = ANY($3::text[]))`,
  )}
  ${part(writes.turns, `turns AS ${insert('conversation_turns', 'turns', turnColumns)}`)}
  ${part(
    writes.tasks,
    `tasks AS ${insert('tasks', 'tasks', taskColumns, 'ON CONFLICT (id) DO UPDATE SET status = excluded.status, result = excluded.result, updated_at = excluded.updated_at')}`,
  )}
  ${part(
    writes.agents,
    `agents AS (INSERT INTO agents (${names(agentColumns)}) SELECT ${names(agentColumns)} FROM ${records('agents', agentColumns)} r
    ORDER BY team_id, name ON CONFLICT (team_id, name) DO UPDATE
    SET last_activity = greatest(agents.last_activity, excluded.last_activity), last_session_id = excluded.last_session_id)`,
  )}
  ${part(
    writes.keys,
    `keys AS (INSERT INTO idempotency_keys (${names(idempotencyColumns)}) SELECT ${names(idempotencyColumns, 'r.')}
    FROM ${records('keys', idempotencyColumns, { sessionId: 'text' })} r JOIN won ON won.id = r.session_id
    ORDER BY r.credential_id, r.mutation, r.key)`,
  )},
  events AS (INSERT INTO unsealed_events (${names(eventColumns)}) SELECT ${names(eventColumns, 'r.')}
    FROM ${records('events', eventColumns, { ordinal: 'int' })} r JOIN won ON won.id = r.session_id ORDER BY r.ordinal)
  SELECT id FROM won WHERE $2::text[] IS NOT NULL AND $3::text[] IS NOT NULL`;
});
