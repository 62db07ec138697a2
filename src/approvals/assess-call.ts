import { isTokens, lines, rolled } from '../budgets/rules.ts';
import { reviveBudget, toDecimal } from '../budgets/state.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { addSeconds } from '../kernel/clock.ts';
import type { AgentHistory, ApprovalDeps, ProposedCall, RiskAssessment } from './seams.ts';

/** How long back an agent's history counts, in seconds: 30 days. */
const SECONDS = 30 * 24 * 60 * 60;
/** Calls and answers looked at, the newest: a busy agent's month has as many as it likes. */
const MOST = 1000;

/** What a call risks, with what its agent has been doing. Not in a transaction: analysis may take seconds. */
export async function assessCall(
  { prisma, clock, safety }: Pick<ApprovalDeps, 'prisma' | 'clock' | 'safety'>,
  { projectId, teamId }: { projectId: string; teamId: string },
  call: Omit<ProposedCall, 'history' | 'remaining'>,
): Promise<RiskAssessment> {
  const now = clock.now();
  const [history, remaining] = await Promise.all([
    readHistory(prisma, teamId, call.agentName, now),
    readRemaining(prisma, projectId, now),
  ]);
  return safety.assess({ ...call, history, remaining });
}

/** What is left of each line, to judge by; what is granted is decided with the request. */
async function readRemaining(
  prisma: PrismaClient,
  projectId: string,
  now: Date,
): Promise<ProposedCall['remaining']> {
  const row = await prisma.budget.findUnique({ where: { projectId } });
  if (row === null) return {};
  return Object.fromEntries(
    lines(rolled(reviveBudget(row), 'UTC', now)).map(({ limitType, remaining }) => [
      limitType,
      isTokens(limitType) ? Number(remaining) : Number(toDecimal(remaining)),
    ]),
  );
}

/** What an agent of this name in this team has been doing (approvals_agent_idx serves it). */
async function readHistory(
  prisma: PrismaClient,
  teamId: string,
  agentName: string,
  now: Date,
): Promise<AgentHistory> {
  const [history] = await prisma.$queryRaw<[AgentHistory]>`
    SELECT count(*) FILTER (WHERE kind = 'AGENT_CALL')::int AS calls,
      count(*) FILTER (WHERE status = 'REJECTED')::int AS rejected,
      count(*) FILTER (WHERE kind = 'AGENT_CALL' AND EXISTS (
        SELECT FROM tasks t WHERE t.id = recent.task_id AND t.status = 'FAILED'))::int AS failed,
      count(*) FILTER (WHERE kind = 'RESPONSE' AND risk_level IN ('HIGH', 'CRITICAL'))::int AS flagged
    FROM (
      SELECT kind, status, risk_level, task_id FROM approvals
      WHERE team_id = ${teamId} AND proposal->>'agentName' = ${agentName} AND kind IN ('AGENT_CALL', 'RESPONSE')
        AND created_at >= ${addSeconds(now, -SECONDS)}::timestamptz
      ORDER BY id DESC LIMIT ${MOST}) recent`;
  return history;
}
