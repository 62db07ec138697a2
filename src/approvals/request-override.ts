import { isTokens, lineOf, rolled } from '../budgets/rules.ts';
import { reviveBudget, toDecimal, toDollars } from '../budgets/state.ts';
import type { Tx } from '../database/transact.ts';
import type { BudgetLimitType } from '../generated/prisma/enums.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { remembering } from '../idempotency/remember.ts';
import { inScope, personOf, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import { projectStopped } from '../sessions/rules.ts';
import { unitsOf } from './amounts.ts';
import { askApproval } from './ask.ts';
import { announceApproval, isStopped, type Written } from './change-project-approval.ts';
import type { ApprovalDeps } from './seams.ts';
import { overrideTerms } from './terms.ts';

export interface RequestOverrideInput {
  projectId: string;
  limitType: BudgetLimitType;
  /** A decimal's text: dollars, or whole tokens. */
  requestedAmount: string;
  justification: string;
  idempotencyKey?: string | null;
}

/**
 * Asks for more budget on one line, until its period ends (behaviour 6.5): a SUPERVISOR's to approve up to 100 dollars or
 * 100,000 tokens, a MANAGER's beyond. Refusals: INVALID_INPUT, EMERGENCY_STOPPED.
 */
export async function requestBudgetOverride(deps: ApprovalDeps, viewer: Viewer, input: RequestOverrideInput) {
  const units = checked(input);
  const { projectId, limitType, justification } = input;
  if (!inScope(viewer, projectId)) throw notThere();
  const idempotency = idempotencyOf(viewer.credentialId, 'requestBudgetOverride', input);
  const whose = { projectId, saidById: personOf(viewer.actor) };
  const { words, kept } = await deps.privacy.takeOut(whose, { justification });
  let written: Written | null = null;
  const { reply, repeated } = await remembering(deps, 'ask for more budget', idempotency, async (tx) => {
    // Shared: a stop that comes at the same time either finds this approval, or is found here (behaviour 7.2).
    const stopped = await isStopped(tx, projectId);
    if (stopped === null) throw notThere();
    if (stopped) throw new DomainError([projectStopped]);
    const { requiredRole, requiresManagerApproval } = overrideTerms(
      isTokens(limitType) ? 'tokens' : 'cost',
      units,
    );
    const requestedAmount = toDecimal(units);
    const proposal = { limitType, requestedAmount, requiresManagerApproval };
    await deps.vault.keep(tx, kept);
    written = await askApproval(tx, deps, {
      kind: 'BUDGET_OVERRIDE',
      projectId,
      summary: summaryOf(limitType, units),
      proposal: { ...proposal, ...words },
      said: { ...proposal, justification },
      requestedBy: viewer.actor,
      requiredRole,
      // What it asks for is over with the period.
      expiresAt: await periodEnd(tx, projectId, limitType, deps.clock.now()),
    });
    return { approvalId: written.approval.id };
  });
  if (!repeated) announceApproval(deps, written);
  return { reply, change: null };
}

/** "$25 more a day", "10,000 more tokens a month". */
function summaryOf(limitType: BudgetLimitType, units: bigint): string {
  const period = limitType.endsWith('DAILY') ? 'day' : 'month';
  return isTokens(limitType)
    ? `${(units / 10_000n).toLocaleString('en')} more tokens a ${period}`
    : `${toDollars(units)} more a ${period}`;
}

/** When the running period of a line ends. */
async function periodEnd(tx: Tx, projectId: string, limitType: BudgetLimitType, now: Date): Promise<Date> {
  const { timeZone } = await tx.project.findUniqueOrThrow({ where: { id: projectId } });
  const budget = await tx.budget.findUniqueOrThrow({ where: { projectId } });
  return lineOf(rolled(reviveBudget(budget), timeZone, now), limitType).period.end;
}

const notThere = () => refuse('NOT_FOUND', 'there is no such project', ['projectId']);

/** The amount in ten-thousandths. */
function checked({ limitType, requestedAmount, justification }: RequestOverrideInput): bigint {
  const faults = new Faults();
  const units = unitsOf(faults, ['requestedAmount'], requestedAmount, 1n);
  if (units !== null && isTokens(limitType) && units % 10_000n !== 0n)
    faults.add(['requestedAmount'], 'requestedAmount must be a whole number of tokens');
  faults.text(['justification'], justification, MAX_MESSAGE, 1);
  if (faults.errors.length > 0 || units === null) throw new DomainError(faults.errors);
  return units;
}
