import type { Tx } from '../database/transact.ts';
import { type BudgetState, budgetColumns, reviveBudget } from '../budgets/state.ts';
import { snake } from '../sessions/columns.ts';
import type {
  DayCost,
  Evidence,
  FailedTask,
  FlaggedAnswer,
  HaltedSession,
  HaltedTask,
  StopFacts,
  Usage,
} from './halted.ts';

/** What a stop left behind, as one statement saw it: one instant for all of it. */
export interface Found {
  readonly stop: StopFacts;
  readonly sessions: readonly HaltedSession[];
  readonly tasks: readonly HaltedTask[];
  readonly frozenInterventions: number;
  /** Frozen approvals by kind. */
  readonly frozenApprovals: Readonly<Record<string, number>>;
  /** Calls that were approved, had not started, and were cancelled by the stop. */
  readonly cancelledCalls: readonly { id: string; summary: string }[];
  readonly budget: BudgetState | null;
  readonly evidence: Evidence;
}

type Read = Omit<Found, 'budget' | 'evidence'> & {
  budget: Record<string, unknown> | null;
  finished: (FailedTask & { status: string })[];
  flagged: FlaggedAnswer[];
  usage: { value: unknown; at: string; agentName: string | null } | null;
};

/** Reads what the stop in force halted, froze and cancelled, and what can be said of its causes. */
export async function readStop(tx: Pick<Tx, '$queryRawUnsafe'>, stopId: string): Promise<Found> {
  const [row] = await tx.$queryRawUnsafe<{ found: Read }[]>(READ, stopId);
  if (row === undefined) throw new Error(`there is no stop ${stopId}`);
  const { budget: stored, finished, flagged, usage, ...rest } = row.found;
  const budget = stored && reviveBudget(stored);
  return {
    ...rest,
    budget,
    evidence: {
      dayCost: budget && dayCostOf(budget),
      finishedTasks: finished.length,
      failedTasks: finished.filter(({ status }) => status === 'FAILED').map(withoutStatus),
      flagged,
      usage: usage && usageOf(usage),
    },
  };
}

const withoutStatus = ({ id, agentName, finishedAt, error }: FailedTask): FailedTask => ({
  id,
  agentName,
  finishedAt,
  error,
});

const dayCostOf = ({ cost, day }: BudgetState): DayCost => ({
  used: cost.daily.used,
  limit: cost.daily.limit,
  overridden: cost.daily.overridden,
  reserved: cost.reserved,
  end: day.end,
});

/** A number, or a text that is one, with or without a per cent sign, as the condition itself reads it. */
function usageOf({ value, at, agentName }: NonNullable<Read['usage']>): Usage | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(String(value));
  return match === null ? null : { value: Number(match[1]), at, agentName };
}

/** Characters of what a failed task reported, and of what a call was about. */
const SHOWN = 300;
/** Answers flagged, cancelled calls: more than a person reads are counted elsewhere. */
const MOST = 200;

const rows = (select: string): string => `(SELECT coalesce(json_agg(x), '[]') FROM (${select}) x)`;
const exact = new Set<string>(['bigint', 'numeric']);
const budget = Object.entries(budgetColumns)
  .map(([field, type]) => `'${field}', b.${snake(field)}${exact.has(type) ? '::text' : ''}`)
  .join(', ');
const reports = (from: string, order: string): string => `(
  SELECT e.data->'metrics'->'resource_usage' AS value, e.occurred_at AS at, e.data->>'agentName' AS "agentName"
  FROM ${from} e WHERE e.project_id = p.id AND e.type = 'execution_reported' AND e.data->'metrics' ? 'resource_usage'
  ORDER BY e.${order} DESC LIMIT 1)`;

/**
 * $1: the stop. Resource usage is looked for only where the stop is about it: it stands in the log, the newest part of
 * which has not been sealed yet.
 */
const READ = `
  SELECT json_build_object(
    'stop', json_build_object('id', e.id, 'conditions', e.triggered_conditions, 'reason', e.stop_reason,
      'severity', e.severity, 'triggeredBy', e.triggered_by, 'createdAt', e.created_at, 'haltedAt', e.halted_at),
    'sessions', ${rows(`SELECT s.id, s.runner, s.halted_from AS was FROM stopped_sessions h JOIN sessions s ON s.id = h.session_id
      WHERE h.stop_id = e.id AND s.status = 'HALTED' ORDER BY s.id`)},
    'tasks', ${rows(`SELECT t.id, t.session_id AS "sessionId", t.agent_name AS "agentName", t.halted_from AS was,
        EXISTS (SELECT FROM approvals a WHERE a.session_id = t.session_id AND a.task_id = t.id AND a.open
          AND a.kind = 'AGENT_CALL' AND a.started_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM approvals r WHERE r.call_id = a.id AND r.status = 'PENDING')) AS started,
        EXISTS (SELECT FROM approvals a WHERE a.session_id = t.session_id AND a.task_id = t.id
          AND a.kind = 'RESPONSE' AND a.status = 'PENDING' AND a.risk_level = 'CRITICAL') AS flagged
      FROM stopped_tasks h JOIN tasks t ON t.id = h.task_id
      WHERE h.stop_id = e.id AND t.status = 'HALTED' ORDER BY t.id`)},
    'frozenInterventions', (SELECT count(*)::int FROM interventions i
      WHERE i.project_id = p.id AND i.status = 'PENDING' AND i.frozen_at IS NOT NULL),
    'frozenApprovals', (SELECT coalesce(json_object_agg(k.kind, k.count), '{}') FROM (
      SELECT a.kind, count(*)::int AS count FROM approvals a
      WHERE a.project_id = p.id AND a.status = 'PENDING' AND a.frozen_at IS NOT NULL GROUP BY a.kind) k),
    'cancelledCalls', ${rows(`SELECT a.id, left(a.summary, ${SHOWN}) AS summary FROM approvals a
      WHERE a.project_id = p.id AND a.kind = 'AGENT_CALL' AND a.status = 'CANCELLED' AND a.started_at IS NULL
        AND a.rejection_reason LIKE 'emergency stop: %' AND a.created_at >= coalesce(p.lifted_at, '-infinity')
      ORDER BY a.id DESC LIMIT ${MOST}`)},
    'budget', (SELECT json_build_object(${budget}) FROM budgets b WHERE b.project_id = p.id),
    'finished', ${rows(`SELECT t.id, t.agent_name AS "agentName", t.finished_at AS "finishedAt", t.status,
        left(t.result::text, ${SHOWN}) AS error FROM tasks t
      WHERE t.project_id = p.id AND t.finished_at IS NOT NULL AND t.finished_at > coalesce(p.lifted_at, '-infinity')
      ORDER BY t.finished_at DESC, t.id DESC LIMIT 10`)},
    'flagged', ${rows(`SELECT a.id AS "approvalId", a.session_id AS "sessionId", a.task_id AS "taskId", a.status,
        left(a.summary, ${SHOWN}) AS summary FROM approvals a
      WHERE a.project_id = p.id AND a.kind = 'RESPONSE' AND a.risk_level = 'CRITICAL'
        AND (a.status = 'PENDING' OR a.created_at >= coalesce(p.lifted_at, '-infinity'))
      ORDER BY (a.status = 'PENDING') DESC, a.id DESC LIMIT ${MOST}`)},
    'usage', CASE WHEN 'RESOURCE_EXHAUSTION' = ANY(e.triggered_conditions) THEN
      (SELECT row_to_json(u) FROM (SELECT * FROM ${reports('unsealed_events', 'sequence')} n
        UNION ALL SELECT * FROM ${reports('events', 'position')} o LIMIT 1) u) END) AS found
  FROM emergency_stops e JOIN projects p ON p.id = e.project_id WHERE e.id = $1`;
