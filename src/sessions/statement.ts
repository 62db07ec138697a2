import { budgetColumns } from '../budgets/state.ts';
import {
  agentColumns,
  approvalColumns,
  approvalMoves,
  eventColumns,
  idempotencyColumns,
  interventionColumns,
  interventionMoves,
  sessionColumns,
  sessionMoves,
  signalColumns,
  snake,
  taskColumns,
  taskMoves,
  turnColumns,
  voteColumns,
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

/** Types whose values JSON's numbers would round: they travel as text. */
const EXACT = new Set(['bigint', 'numeric']);

/** `more`: further keys, each with the SQL of its value. */
const asJson = (columns: Columns, alias: string, more: Record<string, string> = {}): string => {
  const own = Object.entries(columns).map(
    ([field, type]) => `'${field}', ${alias}.${snake(field)}${EXACT.has(type) ? '::text' : ''}`,
  );
  return `json_build_object(${[...own, ...Object.entries(more).map(([key, sql]) => `'${key}', ${sql}`)].join(', ')})`;
};

const jsonRows = (
  columns: Columns,
  table: string,
  where: string,
  more: Record<string, string> = {},
): string =>
  `(SELECT coalesce(json_agg(${asJson(columns, 'x', more)} ORDER BY x.id), '[]') FROM ${table} x WHERE ${where})`;

const votes = `(SELECT coalesce(json_agg(${asJson(voteColumns, 'v')} ORDER BY v.round, v.decided_at, v.actor_id), '[]')
  FROM approval_votes v WHERE v.approval_id = x.id)`;

export interface Reads {
  /** Some command names its session. */
  sessions: boolean;
  /** Some command names an intervention. */
  interventions: boolean;
  /** Some command names a task. */
  tasks: boolean;
  /** Some command names an approval. */
  approvals: boolean;
  /** Some command has to know its session's open approvals. */
  openApprovals: boolean;
  /** Some command has to know its project's budget. */
  budgets: boolean;
  /** Some command wants answers that were not delivered yet. */
  undelivered: boolean;
  /** Some command makes an item on the terms of its team's supervision configuration. */
  configurations: boolean;
  /** Some command has to know what the session's team takes from roles. */
  authorizations: boolean;
}

const configurationInForce = `SELECT c.configuration FROM supervision_configurations c
  WHERE c.team_id = s.team_id ORDER BY c.version DESC LIMIT 1`;

/** As the configuration in force has it: one that is switched off says nothing. */
const privacyInForce = `SELECT CASE WHEN c.configuration #>> '{human_supervision,enabled}' IS DISTINCT FROM 'false'
    THEN c.configuration #> '{human_supervision,privacy}' END
  FROM supervision_configurations c WHERE c.team_id = s.team_id ORDER BY c.version DESC LIMIT 1`;

/** The one setting alone: a whole configuration may have 256 kB. */
const authorizationInForce = `SELECT CASE WHEN c.configuration #>> '{human_supervision,enabled}' IS DISTINCT FROM 'false'
    THEN c.configuration #> '{human_supervision,security,authorization}' END FROM supervision_configurations c
  WHERE c.team_id = s.team_id ORDER BY c.version DESC LIMIT 1`;

/**
 * Reads the sessions that the commands are about, each with its open interventions and its team's queue. Parameters,
 * lists of text all: $1 the sessions named, $2 the interventions, $3 the tasks, $4 the sessions ("*": all of these)
 * whose undelivered answers are wanted too, $5 the approvals; with an approval that answers a call comes the call. Lists, not a record set: the planner expects few of them, and takes the
 * indexes also while the tables are small. Each row comes as one JSON value: decoding it column by column cost more than
 * all the rest of a round.
 */
export const loadStatement = once((reads: Reads): string => {
  const {
    sessions,
    interventions,
    tasks,
    approvals,
    openApprovals,
    budgets,
    undelivered,
    configurations,
    authorizations,
  } = reads;
  const targets = [
    ...(sessions ? ['SELECT unnest($1::text[])'] : []),
    ...(interventions ? ['SELECT session_id FROM interventions WHERE id = ANY($2::text[])'] : []),
    ...(tasks ? ['SELECT session_id FROM tasks WHERE id = ANY($3::text[])'] : []),
    ...(approvals ? ['SELECT session_id FROM approvals WHERE id = ANY($5::text[])'] : []),
  ];
  const none = "'[]'::json";
  const found = (table: string, columns: Columns, where: string, more = {}): string =>
    jsonRows(columns, table, `x.session_id = s.id AND ${where}`, more);
  const wantedApprovals = [
    ...(openApprovals ? ['x.open'] : []),
    ...(undelivered ? ["x.delivery = 'PENDING' AND $4::text[] && ARRAY[s.id, '*']"] : []),
    ...(approvals
      ? [
          'x.id = ANY($5::text[])',
          'x.id = ANY(SELECT n.call_id FROM approvals n WHERE n.id = ANY($5::text[]))',
          'x.open AND x.task_id = ANY(SELECT n.task_id FROM approvals n WHERE n.id = ANY($5::text[]))',
        ]
      : []),
  ].join(' OR ');
  const wantedTasks = [
    ...(tasks ? ['x.id = ANY($3::text[])'] : []),
    ...(openApprovals
      ? ['x.id = ANY(SELECT o.task_id FROM approvals o WHERE o.session_id = s.id AND o.open)']
      : []),
    ...(approvals ? ['x.id = ANY(SELECT n.task_id FROM approvals n WHERE n.id = ANY($5::text[]))'] : []),
  ].join(' OR ');
  return `
  SELECT json_build_object('session', ${asJson(sessionColumns, 's')}, 'queuePending', q.pending, 'stopId', p.stop_id,
    'privacy', (${privacyInForce}),
    'openInterventions', ${found('interventions', interventionColumns, 'x.open')},
    'namedInterventions', ${interventions ? found('interventions', interventionColumns, 'NOT x.open AND x.id = ANY($2::text[])') : none},
    'tasks', ${wantedTasks ? found('tasks', taskColumns, `(${wantedTasks})`) : none},
    'approvals', ${wantedApprovals ? found('approvals', approvalColumns, `(${wantedApprovals})`, { votes }) : none},
    'budget', ${budgets ? `(SELECT ${asJson(budgetColumns, 'b', { timeZone: 'p.time_zone' })} FROM budgets b WHERE b.project_id = s.project_id)` : 'NULL::json'},
    'undelivered', ${
      undelivered
        ? found(
            'interventions',
            interventionColumns,
            "NOT x.open AND x.delivery = 'PENDING' AND $4::text[] && ARRAY[s.id, '*']",
          )
        : none
    }${configurations ? `, 'configuration', (${configurationInForce})` : ''}${
      authorizations ? `, 'authorization', (${authorizationInForce})` : ''
    }) AS found
  FROM sessions s JOIN intervention_queues q ON q.team_id = s.team_id JOIN projects p ON p.id = s.project_id
  WHERE $1::text[] IS NOT NULL AND $2::text[] IS NOT NULL AND $3::text[] IS NOT NULL AND $4::text[] IS NOT NULL
    AND $5::text[] IS NOT NULL AND s.id = ANY(ARRAY(${targets.join(' UNION ')}))`;
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
  /** Some change begins something that a stop must not miss: a session, or its coming back. */
  starts: boolean;
  approvalsAsked: boolean;
  approvalsUpdated: boolean;
  votes: boolean;
  signals: boolean;
  /**
   * More rows are updated than may be named to the planner: for each of them an index look-up by key sorts the whole
   * list of ids again, and 10,000 interventions of 100 sessions took 49 s.
   */
  many: boolean;
}

const more: Columns = {
  created: 'boolean',
  expected: 'int',
  queueDelta: 'int',
  queueBound: 'int',
  starts: 'boolean',
};

/**
 * Writes the changes whose session still stands at the version they were decided on (or is new), and whose team's queue
 * still has room: state, events and idempotency keys together, or nothing of that change. Returns the ids that won, and
 * of those that begin something the ones whose project an emergency stop holds: the stop writes the project's row before
 * all else, so that either it finds what was begun, or this finds the stop (behaviour 7.2).
 *
 * Locks in one order, projects, sessions by id, then queues by team, then agents and idempotency keys, each by its own key, so that
 * two replicas' batches cannot wait for each other in a circle. Whoever comes second finds another version, and no row (behaviour 4.2). $1: everything, as JSON; $2: the
 * ids of the sessions; $3: those of the interventions updated, $4: of the approvals (for the planner, as above).
 */
export const writeStatement = once((writes: Writes): string => {
  const part = (wanted: boolean, text: string): string => (wanted ? `, ${text}` : '');
  const insert = (table: string, list: string, columns: Columns, tail = ''): string =>
    `(INSERT INTO ${table} (${names(columns)}) SELECT ${names(columns, 'r.')}
      FROM ${records(list, columns)} r JOIN won ON won.id = r.session_id ${tail})`;
  return `
  WITH input AS MATERIALIZED ${records('sessions', sessionColumns, more)}
  ${part(
    writes.starts,
    `free AS MATERIALIZED (
    SELECT p.id FROM projects p WHERE p.stop_id IS NULL AND p.id IN (SELECT project_id FROM input WHERE starts)
    ORDER BY p.id FOR SHARE)`,
  )}
  ${part(
    writes.moved,
    `locked AS MATERIALIZED (
    SELECT s.id FROM sessions s JOIN input r ON s.id = r.id AND s.version = r.expected
    WHERE s.id = ANY($2::text[]) ${writes.starts ? 'AND (SELECT count(*) FROM free) >= 0' : ''} ORDER BY s.id FOR NO KEY UPDATE OF s)`,
  )},
  standing AS (SELECT r.* FROM input r WHERE (r.created ${writes.moved ? 'OR r.id IN (SELECT id FROM locked)' : ''})
    ${writes.starts ? 'AND (NOT r.starts OR r.project_id IN (SELECT id FROM free))' : ''})
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
  ${part(
    writes.asked,
    `asked AS ${insert('interventions', 'asked', interventionColumns, 'RETURNING id, message, agent_name')},
  searchable AS (INSERT INTO intervention_search (intervention_id, words)
    SELECT id, to_tsvector('simple', message || ' ' || agent_name) FROM asked)`,
  )}
  ${part(
    writes.updated,
    // What is written is settled first: in one join of three, the planner expects two rows and compares all with all.
    `settled AS MATERIALIZED (
    SELECT r.* FROM ${records('updated', interventionColumns)} r JOIN won ON won.id = r.session_id),
  updated AS (
    UPDATE interventions i SET ${set(interventionMoves)} FROM settled r
    WHERE i.id = r.id ${writes.many ? '' : 'AND i.id = ANY($3::text[])'})`,
  )}
  ${part(writes.turns, `turns AS ${insert('conversation_turns', 'turns', turnColumns)}`)}
  ${part(
    writes.tasks,
    `tasks AS ${insert('tasks', 'tasks', taskColumns, `ON CONFLICT (id) DO UPDATE SET ${taskMoves.map((field) => `${snake(field)} = excluded.${snake(field)}`).join(', ')}`)}`,
  )}
  ${part(writes.approvalsAsked, `approvals_asked AS ${insert('approvals', 'approvalsAsked', approvalColumns)}`)}
  ${part(
    writes.approvalsUpdated,
    `approvals_settled AS MATERIALIZED (
    SELECT r.* FROM ${records('approvalsUpdated', approvalColumns)} r JOIN won ON won.id = r.session_id),
  approvals_updated AS (
    UPDATE approvals a SET version = a.version + 1, ${set(approvalMoves)} FROM approvals_settled r
    WHERE a.id = r.id ${writes.many ? '' : 'AND a.id = ANY($4::text[])'})`,
  )}
  ${part(
    writes.votes,
    `votes AS (INSERT INTO approval_votes (${names(voteColumns)}) SELECT ${names(voteColumns, 'r.')}
    FROM ${records('votes', voteColumns, { sessionId: 'text' })} r JOIN won ON won.id = r.session_id)`,
  )}
  ${part(
    writes.signals,
    `signals AS (INSERT INTO stop_signals (${names(signalColumns)}) SELECT ${names(signalColumns, 'r.')}
    FROM ${records('signals', signalColumns, { sessionId: 'text' })} r JOIN won ON won.id = r.session_id)`,
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
  SELECT id, true AS won FROM won WHERE $2::text[] IS NOT NULL AND $3::text[] IS NOT NULL AND $4::text[] IS NOT NULL
  ${writes.starts ? 'UNION ALL SELECT id, false FROM input WHERE starts AND project_id NOT IN (SELECT id FROM free)' : ''}`;
});
