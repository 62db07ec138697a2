import { expect } from 'vitest';
import type { Everything } from './house.ts';

/** What holds of approvals after every change, whatever it was (approvals/rules.ts). */
export function expectApprovalInvariants({
  approvals,
  votes,
  reservations,
  budgets,
  sessions,
  tasks,
  events,
}: Pick<
  Everything,
  'approvals' | 'votes' | 'reservations' | 'budgets' | 'sessions' | 'tasks' | 'events'
>): void {
  // A row that a test laid down was asked by nobody: it has neither votes nor a hold to agree with.
  const asked = new Set(
    events.flatMap(({ type, subjectId }) => (type.endsWith('_requested') ? [subjectId] : [])),
  );
  for (const approval of approvals.filter(({ id, callId }) => asked.has(callId ?? id))) {
    const mine = votes.filter(({ approvalId }) => approvalId === approval.id);
    const counting = mine.filter(
      ({ round, digest }) => round === approval.round && digest === approval.digest,
    );
    const approving = new Set(
      counting.filter(({ verdict }) => verdict === 'APPROVE').map(({ actorId }) => actorId),
    );
    const says = `${approval.id} is ${approval.status}`;
    const isCall = approval.kind === 'AGENT_CALL';
    // People decided, or what one of them granted before did.
    if (approval.standingId !== null)
      expect([approval.requiredApprovals, isCall, mine], says).toEqual([1, true, []]);
    else if (approval.status === 'APPROVED' || approval.startedAt !== null)
      expect(approving.size, says).toBeGreaterThanOrEqual(approval.requiredApprovals);
    if (approval.status === 'PENDING') {
      expect([approval.open, approval.permit, approval.respondedAt, approval.startedAt], says).toEqual([
        true,
        null,
        null,
        null,
      ]);
      expect(approving.size, says).toBeLessThan(approval.requiredApprovals);
    } else if (!isCall) expect(approval.open, says).toBe(false);
    if (isCall) expect(approval.permit !== null, says).toBe(approval.status === 'APPROVED');
    if (approval.open && approval.status !== 'PENDING') expect(approval.status, says).toBe('APPROVED');
    if (approval.startedAt !== null || !approval.open) expect(approval.dueAt, says).toBeNull();
    if (!isCall) continue;
    const starts = events.filter(
      ({ type, subjectId }) => type === 'agent_call_started' && subjectId === approval.id,
    );
    expect(starts.length, says).toBe(approval.startedAt === null ? 0 : 1);
    const hold = reservations.find(({ id }) => id === approval.reservationId)!;
    if (approval.settledAt !== null) expect(hold.status, says).toBe('COMMITTED');
    else if (['PENDING', 'APPROVED'].includes(approval.status)) expect(hold.status, says).toBe('HELD');
    else if (approval.startedAt === null) expect(hold.status, says).toBe('RELEASED');
    // Begun and cut off: held while it may be spending, given back where somebody took it back by name.
    else expect(['HELD', 'RELEASED'], says).toContain(hold.status);
    const answers = approvals.filter(({ callId }) => callId === approval.id);
    expect(answers.filter(({ status }) => status === 'PENDING').length, says).toBeLessThanOrEqual(1);
    const session = sessions.find(({ id }) => id === approval.sessionId)!;
    if (['COMPLETED', 'FAILED', 'CANCELLED'].includes(session.status))
      expect(approval.open, says).toBe(false);
    const task = tasks.find(({ id }) => id === approval.taskId)!;
    if (task.madeForCall && !approval.open)
      expect(['COMPLETED', 'REJECTED', 'CANCELLED'], says).toContain(task.status);
  }
  for (const budget of budgets) {
    const held = reservations.filter(
      ({ projectId, status }) => projectId === budget.projectId && status === 'HELD',
    );
    const spent = reservations.filter(
      ({ projectId, status }) => projectId === budget.projectId && status === 'COMMITTED',
    );
    const sum = (numbers: (number | null)[]) =>
      numbers.reduce<number>((total, each) => total + (each ?? 0), 0);
    expect(Number(budget.tokensReserved)).toBe(sum(held.map(({ tokens }) => tokens)));
    expect(Number(budget.costReserved)).toBeCloseTo(sum(held.map(({ cost }) => Number(cost))), 4);
    expect(Number(budget.monthlyTokensUsed)).toBe(sum(spent.map(({ committedTokens }) => committedTokens)));
    expect(Number(budget.monthlyCostUsed)).toBeCloseTo(
      sum(spent.map(({ committedCost }) => Number(committedCost))),
      4,
    );
  }
}
