import type { Sweep } from '../clock/sweep.ts';
import { expireProjectApproval } from './expire.ts';
import type { ProjectApprovalDeps } from './seams.ts';

/** Rows acted on at a time: there are never many of them. */
const WIDTH = 100;

/** The clock's work on approvals that belong to no session (behaviour 5.7). Those of sessions go with their sessions. */
export const createApprovalSweep = (deps: ProjectApprovalDeps): Sweep => ({
  name: 'approvals without a session',
  async run(now) {
    const rows = await deps.prisma.approval.findMany({
      where: { dueAt: { not: null }, sessionId: null },
      orderBy: { dueAt: 'asc' },
      take: WIDTH,
      select: { id: true, dueAt: true },
    });
    const due = rows.filter(({ dueAt }) => dueAt! <= now);
    for (const { id } of due) await expireProjectApproval(deps, id);
    return { again: due.length > 0, next: rows.find(({ dueAt }) => dueAt! > now)?.dueAt ?? null };
  },
});
