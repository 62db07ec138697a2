import type { UnsealedRow } from '../events/append.ts';
import type { Written } from './book.ts';
import type { BudgetDeps } from './deps.ts';

/** Tells of changed budgets, once they are committed. */
export function announce(
  { changes, committed }: Pick<BudgetDeps, 'changes' | 'committed'>,
  events: readonly UnsealedRow[],
): void {
  const byProject = new Map<string, string[]>();
  for (const { id, projectId } of events) {
    const known = byProject.get(projectId!);
    if (known === undefined) byProject.set(projectId!, [id]);
    else known.push(id);
  }
  for (const [projectId, eventIds] of byProject) changes.announce({ projectId, budget: true, eventIds });
  if (events.length > 0) committed();
}

/** The same, and whoever was given a reason to stop is stopped before this resolves (behaviour 6.4). */
export async function announceAndLook(
  deps: Omit<BudgetDeps, 'database' | 'clock' | 'ids'>,
  { events, signalled }: Written,
): Promise<void> {
  announce(deps, events);
  for (const projectId of signalled) await deps.stops.look(projectId);
}
