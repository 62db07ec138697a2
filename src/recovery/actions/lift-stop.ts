import { toUnits } from '../../budgets/state.ts';
import type { Tx } from '../../database/transact.ts';
import { liftStop } from '../../emergency/lift.ts';
import type { StopCondition } from '../../generated/prisma/enums.ts';
import { DomainError } from '../../kernel/errors.ts';
import { readStop } from '../assess.ts';
import { judge, causeWords } from '../cause.ts';
import { foreseen, planOf } from '../plan.ts';
import { isByHand, type Recovery } from '../rules.ts';
import { type Action, StepFailed } from './action.ts';

/**
 * The last step: the stop lifts, with what the steps before settled about tasks and sessions (behaviour 7.6, 7.7). Its
 * causes are looked at once more, and so is whatever was added to the stop meanwhile: hours may have passed since a step
 * verified them, and a lift that the next request undoes helps nobody.
 */
export const liftTheStop: Action = {
  async run(tx, deps, { recovery, actor, now }) {
    await refuseWhileCauseStands(tx, recovery, now);
    const settled = recovery.steps.filter(({ status }) => status === 'COMPLETED');
    const abandon = abandonedBy(settled);
    try {
      const lifted = await liftStop(tx, deps, { stopId: recovery.stopId, actor, abandon, now });
      return {
        lifted,
        result: { abandonedTasks: abandon.taskIds.length, abandonedSessions: abandon.sessionIds.length },
      };
    } catch (error) {
      if (error instanceof DomainError) throw new StepFailed(error.message);
      throw error;
    }
  },
};

/** What was settled, by steps that were done; a step that was left out settles nothing. */
function abandonedBy(steps: Recovery['steps']) {
  const of = (action: string, key: string) =>
    steps
      .filter((step) => step.action === action)
      .flatMap(({ result }) => (result as Record<string, string[]>)[key] ?? []);
  return { taskIds: of('abandon_tasks', 'taskIds'), sessionIds: of('resume_sessions', 'abandonedIds') };
}

/** What the plan's approver left out, and what people verified by hand, is theirs to answer for. */
async function refuseWhileCauseStands(tx: Tx, recovery: Recovery, now: Date): Promise<void> {
  const verifies = recovery.steps.filter(({ action }) => action === 'verify_cause');
  const vouched = new Set(
    verifies
      .filter(({ status }) => status === 'SKIPPED' || isByHand(recovery.recoveryType))
      .flatMap((step) => planOf([step]).conditions),
  );
  const { stop, evidence } = await readStop(tx, recovery.stopId);
  // A stop of another cause too must not lift into a budget that stops the project again at once.
  const conditions = new Set<StopCondition>([...stop.conditions, 'BUDGET_CRITICAL']);
  // What a step was to set is set by now, or somebody has set it otherwise since.
  const expected = { ...foreseen(recovery.steps, toUnits), dailyCost: null };
  for (const condition of conditions) {
    if (vouched.has(condition)) continue;
    const { cleared, finding } = judge(condition, evidence, expected, now);
    if (!cleared) throw new StepFailed(`not cleared yet (${causeWords[condition]}): ${finding}`);
  }
}
