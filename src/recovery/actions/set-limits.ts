import { lockBudgets, writeBudgets } from '../../budgets/book.ts';
import { MOST_TOKENS, parseLimits, tellLimits, withLimits } from '../../budgets/limits.ts';
import { about } from '../../budgets/move-events.ts';
import { queryWithin } from '../../database/query.ts';
import { Faults } from '../../kernel/bounds.ts';
import type { PlannedLimits } from '../plan.ts';
import { type Action, StepFailed } from './action.ts';

/** Sets the limits that the plan's approver named; those that were not named stay as they are. Twice is once. */
export const setLimits: Action = {
  async run(tx, deps, { recovery: { projectId }, step, actor, now }) {
    const faults = new Faults();
    const { limits: named } = step.parameters as unknown as { limits: PlannedLimits };
    const limits = parseLimits(faults, ['limits'], named, MOST_TOKENS);
    if (faults.errors.length > 0)
      throw new StepFailed(faults.errors.map(({ message }) => message).join('; '));
    const query = queryWithin(tx);
    const draft = (await lockBudgets(query, [projectId], now)).get(projectId);
    if (draft === undefined) throw new StepFailed('the project has no budget whose limits could be set');
    const before = tellLimits(draft.state);
    draft.state = withLimits(draft.state, limits);
    const told = { before, after: tellLimits(draft.state) };
    const by = { actor, teamId: null, sessionId: null };
    draft.events.push({ ...about(projectId, by, now), type: 'budget_limits_changed', data: told });
    const { events } = await writeBudgets(query, deps.ids, [draft], now);
    return { result: told, eventIds: events.map(({ id }) => id), budget: true };
  },
  /** Whoever recovers by hand sets them with setBudgetLimits. */
  byHand: async () => ({ result: {} }),
};
