import { queryWithin } from '../database/query.ts';
import { transact, type Tx } from '../database/transact.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import { announce } from './announce.ts';
import { lockBudgets, type Written, writeBudgets } from './book.ts';
import type { BudgetDeps } from './deps.ts';
import { type Limits, type LimitsInput, parseLimits, tellLimits, withLimits } from './limits.ts';
import { about } from './move-events.ts';
import { noProject } from './refusals.ts';

/**
 * Changes the limits that are given, and the time zone, which holds from the next period on (behaviour 6.1). What was
 * granted stands: a limit lowered beneath it leaves less than nothing.
 */
export async function setBudgetLimits(
  deps: BudgetDeps,
  viewer: Viewer,
  { projectId, limits: input }: { projectId: string; limits: LimitsInput },
): Promise<void> {
  const faults = new Faults();
  const limits = parseLimits(faults, ['limits'], input);
  if (faults.errors.length === 0 && limits.size === 0 && (input.timeZone ?? null) === null)
    faults.add(['limits'], 'limits must name at least one limit, or the time zone');
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  if (!inScope(viewer, projectId)) throw new DomainError([noProject]);
  const change = { projectId, limits, timeZone: input.timeZone ?? null };
  const { events } = await transact(deps.database, 'set budget limits', (tx) =>
    write(deps, tx, viewer, change),
  );
  announce(deps, events);
}

async function write(
  { ids, clock }: BudgetDeps,
  tx: Tx,
  viewer: Viewer,
  { projectId, limits, timeZone }: { projectId: string; limits: Limits; timeZone: string | null },
): Promise<Written> {
  const now = clock.now();
  const query = queryWithin(tx);
  // The project before its budget, as everybody locks them. What is over begins anew in the zone that it was in.
  const [project] = await tx.$queryRaw<{ timeZone: string }[]>`
    SELECT time_zone AS "timeZone" FROM projects WHERE id = ${projectId} FOR NO KEY UPDATE`;
  const draft = (await lockBudgets(query, [projectId], now)).get(projectId);
  if (project === undefined || draft === undefined) throw new DomainError([noProject]);
  const before = { ...tellLimits(draft.state), timeZone: project.timeZone };
  draft.state = withLimits(draft.state, limits);
  const after = { ...tellLimits(draft.state), timeZone: timeZone ?? project.timeZone };
  if (after.timeZone !== before.timeZone)
    await tx.project.update({ where: { id: projectId }, data: { timeZone: after.timeZone } });
  const by = { actor: viewer.actor, teamId: null, sessionId: null };
  draft.events.push({ ...about(projectId, by, now), type: 'budget_limits_changed', data: { before, after } });
  return writeBudgets(query, ids, [draft], now);
}
