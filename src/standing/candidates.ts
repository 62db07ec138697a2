import { toUnits } from '../budgets/state.ts';
import type { PrismaClient, StandingApproval } from '../generated/prisma/client.ts';
import type { Actor } from '../identity/viewer.ts';
import { granterStands } from './granter.ts';
import { granterOf, MOST_IN_FORCE, type Standing, type WeighedCall, weigh } from './rules.ts';

/** A row as it is weighed. */
export const asStanding = ({ maximumCost, cost, ...row }: StandingApproval): Standing => ({
  ...row,
  maximumCost: toUnits(maximumCost.toFixed(4)),
  cost: toUnits(cost.toFixed(4)),
});

/**
 * The standing approval that lets this call through as things stand, the oldest first; null: none does, and a person is
 * asked. It is counted, and finally decided, by the write (use.ts). standing_approvals_live_idx serves it.
 */
export async function findStanding(
  prisma: PrismaClient,
  teamId: string,
  call: WeighedCall,
  now: Date,
): Promise<{ id: string; grantedBy: Actor } | null> {
  const live = await prisma.$queryRawUnsafe<{ id: string }[]>(LIVE, teamId, call.agentName, call.action, now);
  if (live.length === 0) return null;
  const rows = await prisma.standingApproval.findMany({
    where: { id: { in: live.map(({ id }) => id) } },
    orderBy: { id: 'asc' },
  });
  const found = rows.find((row) => weigh(asStanding(row), call, now) === null);
  return found === undefined ? null : { id: found.id, grantedBy: granterOf(found) };
}

const LIVE = `
  SELECT s.id FROM standing_approvals s
  WHERE s.ended_at IS NULL AND s.team_id = $1 AND s.agent_name = $2 AND s.action = $3
    AND s.expires_at > $4::timestamptz AND s.uses < s.maximum_uses AND ${granterStands('s', '$4::timestamptz')}
  ORDER BY s.id LIMIT ${MOST_IN_FORCE}`;
