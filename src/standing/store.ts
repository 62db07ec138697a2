import type { Tx } from '../database/transact.ts';
import type { NewEvent } from '../events/append.ts';
import type { Prisma, StandingApproval } from '../generated/prisma/client.ts';
import type { Actor } from '../identity/viewer.ts';
import type { JsonObject } from '../kernel/json.ts';

/** The columns of `standing_approvals`: field → SQL type. */
export const standingColumns: Record<keyof StandingApproval, string> = {
  id: 'text',
  projectId: 'text',
  teamId: 'text',
  approvalId: 'text',
  agentName: 'text',
  action: 'text',
  condition: 'text',
  maximumRisk: 'risk_level',
  maximumUses: 'int',
  maximumCost: 'numeric',
  uses: 'int',
  cost: 'numeric',
  reason: 'text',
  grantedBy: 'jsonb',
  grantedById: 'text',
  createdAt: 'timestamptz',
  expiresAt: 'timestamptz',
  lastUsedAt: 'timestamptz',
  ending: 'standing_approval_ending',
  endedAt: 'timestamptz',
  endedBy: 'jsonb',
  endReason: 'text',
};

export interface Ending {
  ending: 'REVOKED' | 'EXPIRED';
  by: Actor;
  reason: string | null;
  now: Date;
}

/**
 * Ends one that has not ended, in the caller's transaction: from its commit on, no write counts another use. False where
 * it had ended already. A use under way is waited for, or finds this.
 */
export async function endStanding(tx: Tx, id: string, { ending, by, reason, now }: Ending): Promise<boolean> {
  const { count } = await tx.standingApproval.updateMany({
    where: { id, endedAt: null },
    data: { ending, endedAt: now, endedBy: by as unknown as Prisma.InputJsonObject, endReason: reason },
  });
  return count === 1;
}

export const standingEvent = (
  { id, projectId, teamId }: Pick<StandingApproval, 'id' | 'projectId' | 'teamId'>,
  type: 'standing_approval_created' | 'standing_approval_revoked' | 'standing_approval_expired',
  actor: Actor,
  now: Date,
  data: JsonObject,
): NewEvent => ({ type, projectId, teamId, sessionId: null, subjectId: id, actor, data, occurredAt: now });
