import { toUnits } from '../../budgets/state.ts';
import type { StopCondition } from '../../generated/prisma/enums.ts';
import { readStop } from '../assess.ts';
import { type Finding, judge, causeWords } from '../cause.ts';
import { foreseen } from '../plan.ts';
import { type Action, type Doing, StepFailed } from './action.ts';
import type { Tx } from '../../database/transact.ts';

/** Holds one condition of the stop against what stands now, with what the plan will have done by its end. */
export const verifyCause: Action = {
  async run(tx, _, doing) {
    const { condition, cleared, finding } = await check(tx, doing);
    if (!cleared) throw new StepFailed(`not cleared yet (${causeWords[condition]}): ${finding}`);
    return { result: { condition, finding } };
  },
  /** A person's word that it is cleared stands; what was found is kept beside it. */
  async byHand(tx, _, doing) {
    return { result: { ...(await check(tx, doing)) } };
  },
};

async function check(
  tx: Tx,
  { recovery, step, now }: Doing,
): Promise<Finding & { condition: StopCondition }> {
  const { condition } = step.parameters as { condition: StopCondition };
  const { evidence } = await readStop(tx, recovery.stopId);
  return { condition, ...judge(condition, evidence, foreseen(recovery.steps, toUnits), now) };
}
