import type { Agent, PrismaClient } from '../generated/prisma/client.ts';
import type { SessionStatus } from '../generated/prisma/enums.ts';
import { assertNever } from '../kernel/assert-never.ts';

export const agentStatuses = ['IDLE', 'WORKING', 'WAITING_FOR_HITL', 'ERROR', 'EMERGENCY_STOPPED'] as const;
export type AgentStatus = (typeof agentStatuses)[number];

export interface TeamStatus {
  teamId: string;
  activeSessions: number;
  waitingSessions: number;
  pendingInterventions: number;
  pendingApprovals: number;
  emergencyStopped: boolean;
  updatedAt: Date;
}

/** A team at this moment, counted over what lives: cheap however much it has done. */
export async function readTeamStatus(prisma: PrismaClient, teamId: string, now: Date): Promise<TeamStatus> {
  // The conditions are written out: only so do they match the partial indexes.
  const [row] = await prisma.$queryRaw<
    { active: number; waiting: number; pending: number; approvals: number; stopped: boolean }[]
  >`
    SELECT
      (SELECT count(*)::int FROM sessions WHERE team_id = ${teamId} AND stale_at IS NOT NULL
        AND status IN ('ACTIVE', 'PROCESSING_INTERVENTION', 'CONTINUING_ASYNC')) AS active,
      (SELECT count(*)::int FROM sessions WHERE team_id = ${teamId} AND stale_at IS NOT NULL
        AND status = 'WAITING_FOR_HUMAN') AS waiting,
      (SELECT count(*)::int FROM approvals WHERE team_id = ${teamId} AND status = 'PENDING') AS approvals,
      coalesce((SELECT pending FROM intervention_queues WHERE team_id = ${teamId}), 0) AS pending,
      coalesce((SELECT p.stop_id IS NOT NULL FROM teams t JOIN projects p ON p.id = t.project_id WHERE t.id = ${teamId}), true) AS stopped`;
  return {
    teamId,
    activeSessions: row!.active,
    waitingSessions: row!.waiting,
    pendingInterventions: row!.pending,
    pendingApprovals: row!.approvals,
    emergencyStopped: row!.stopped,
    updatedAt: now,
  };
}

/** What an agent is doing, as its work shows: nothing stores it, so nothing can be left wrong. */
export function agentStatus(waits: boolean, lastSession: SessionStatus | null): AgentStatus {
  if (waits) return 'WAITING_FOR_HITL';
  switch (lastSession) {
    case 'HALTED':
      return 'EMERGENCY_STOPPED';
    case 'FAILED':
      return 'ERROR';
    case 'ACTIVE':
    case 'WAITING_FOR_HUMAN':
    case 'PROCESSING_INTERVENTION':
    case 'CONTINUING_ASYNC':
      return 'WORKING';
    case 'COMPLETED':
    case 'CANCELLED':
    case 'TIMEOUT':
    case null:
      return 'IDLE';
    default:
      return assertNever(lastSession);
  }
}

/** The statuses of many agents at once; in the order asked for. */
export async function readAgentStatuses(
  prisma: PrismaClient,
  agents: readonly Agent[],
): Promise<AgentStatus[]> {
  const rows = await prisma.$queryRaw<{ id: string; waits: boolean; session: SessionStatus | null }[]>`
    SELECT a.id, s.status AS session, EXISTS (
      SELECT FROM interventions i WHERE i.team_id = a.team_id AND i.agent_name = a.name AND i.status = 'PENDING')
      OR EXISTS (
      SELECT FROM approvals p WHERE p.team_id = a.team_id AND p.status = 'PENDING' AND p.proposal->>'agentName' = a.name)
      AS waits
    FROM agents a LEFT JOIN sessions s ON s.id = a.last_session_id
    WHERE a.id = ANY(${agents.map(({ id }) => id)})`;
  const found = new Map(rows.map((row) => [row.id, agentStatus(row.waits, row.session)]));
  return agents.map(({ id }) => found.get(id) ?? 'IDLE');
}
