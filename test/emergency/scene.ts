import { afterLift, type Lifted, liftStop, type Lifting } from '../../src/emergency/lift.ts';
import { triggerEmergencyStop } from '../../src/emergency/trigger.ts';
import { transact } from '../../src/database/transact.ts';
import type { Approval, Prisma } from '../../src/generated/prisma/client.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import type { House, Team } from '../support/house.ts';

/** Shorthands for stopping and lifting, in one of the processes. */
export function stopper({ emergency }: House, team: Team) {
  return {
    stop: (
      input: { reason?: string; severity?: 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL' } = {},
      by: Viewer = team.operator,
    ) =>
      triggerEmergencyStop(emergency, by, {
        projectId: team.projectId,
        reason: 'smoke in the server room',
        severity: 'CRITICAL',
        ...input,
      }),
    lift: (stopId: string, abandon: Partial<Lifting['abandon']> = {}): Promise<Lifted> =>
      transact(emergency.database, 'lift in a test', (tx) =>
        liftStop(tx, emergency, {
          stopId,
          actor: team.manager.actor,
          abandon: { sessionIds: [], taskIds: [], ...abandon },
          now: emergency.clock.now(),
        }),
      ).then((lifted) => {
        afterLift(emergency, lifted);
        return lifted;
      }),
  };
}

/** An approval's row, pending for half an hour unless said otherwise; approvals/ makes them in earnest. */
export async function approval(
  { deps: { prisma, ids, clock } }: House,
  team: Team,
  more: Partial<Approval> = {},
): Promise<string> {
  const now = clock.now();
  const expiresAt = addSeconds(now, 1800);
  const { id } = await prisma.approval.create({
    data: {
      id: ids.next('approval'),
      projectId: team.projectId,
      teamId: team.teamId,
      kind: 'AGENT_CALL',
      status: 'PENDING',
      summary: 'a call',
      requestedBy: team.agent.actor,
      requiredRole: 'OPERATOR',
      requiredApprovals: 1,
      proposal: {},
      digest: 'd',
      createdAt: now,
      expiresAt,
      dueAt: addSeconds(expiresAt, -360),
      open: true,
      delivery: 'UNANSWERED',
      ...(more as Partial<Prisma.ApprovalUncheckedCreateInput>),
    },
  });
  return id;
}

/** Something held of the budget. */
export async function hold(
  { deps: { prisma, ids, clock } }: House,
  projectId: string,
  tokens = 100,
): Promise<string> {
  const id = ids.next('reservation');
  await prisma.budgetReservation.create({
    data: {
      id,
      projectId,
      tokens,
      cost: 1.5,
      status: 'HELD',
      createdAt: clock.now(),
      expiresAt: addSeconds(clock.now(), 600),
    },
  });
  await prisma.budget.update({
    where: { projectId },
    data: { tokensReserved: { increment: tokens }, costReserved: { increment: 1.5 } },
  });
  return id;
}
