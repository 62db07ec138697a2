import { transact } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import { checkReason } from './bounds.ts';
import { asStanding } from './candidates.ts';
import type { StandingDeps } from './create.ts';
import { mayRevoke } from './rules.ts';
import { endStanding, standingEvent } from './store.ts';
import { takeOut } from './words.ts';

/**
 * Ends a standing approval at once, by whoever granted it or a SUPERVISOR, also beneath a stop: once this has answered, it
 * lets nothing through. What it let through before stays approved. Revoking it again answers it as it is; EXPIRED once the
 * clock has ended it; FORBIDDEN for anybody else.
 */
export async function revokeStandingApproval(
  deps: StandingDeps,
  viewer: Viewer,
  id: string,
  reason: string | null,
): Promise<{ standingId: string }> {
  const faults = new Faults();
  checkReason(faults, reason);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const of = await deps.database.prisma.standingApproval.findUnique({
    where: { id },
    select: { projectId: true, teamId: true },
  });
  const { words, kept } = await takeOut(deps, viewer, of, { reason });
  const revoked = await transact(deps.database, 'revoke a standing approval', async (tx) => {
    await tx.$executeRaw`SELECT 1 FROM standing_approvals WHERE id = ${id} FOR NO KEY UPDATE`;
    const row = await tx.standingApproval.findUnique({ where: { id } });
    if (row === null || !inScope(viewer, row.projectId))
      throw refuse('NOT_FOUND', 'there is no such standing approval', ['id']);
    const now = deps.clock.now();
    const able = mayRevoke(asStanding(row), viewer, now);
    if (!able.ok) throw new DomainError([able.error]);
    if (able.value === 'unchanged') return false;
    const ending = { ending: 'REVOKED', by: viewer.actor, ...words, now } as const;
    if (!(await endStanding(tx, id, ending))) throw new Error(`${id} was ended under its lock`);
    await deps.vault.keep(tx, kept);
    const data = { ...words, uses: row.uses, cost: row.cost.toFixed(4) };
    await appendEvents(tx, deps.ids, [
      standingEvent(row, 'standing_approval_revoked', viewer.actor, now, data),
    ]);
    return true;
  });
  if (revoked) deps.committed();
  return { standingId: id };
}
