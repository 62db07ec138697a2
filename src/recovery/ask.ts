import { askApproval } from '../approvals/ask.ts';
import type { Tx } from '../database/transact.ts';
import type { RecoveryStep } from '../generated/prisma/client.ts';
import type { Actor } from '../identity/viewer.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { RecoveryDeps } from './deps.ts';
import type { Recovery } from './rules.ts';

/** What a person who decides on a step is shown of it. */
const shownStep = ({ id, action, title, description, parameters }: RecoveryStep): JsonObject => ({
  stepId: id,
  action,
  title,
  description,
  parameters: parameters as Json,
});

/** Asks a MANAGER to approve the plan, in the transaction that makes it. Answers with the approval's id and the events'. */
export function askForPlan(tx: Tx, deps: RecoveryDeps, recovery: Recovery, requestedBy: Actor) {
  const { id, projectId, recoveryType, steps } = recovery;
  return askApproval(tx, deps, {
    projectId,
    kind: 'RECOVERY_PLAN',
    summary: `Recover from the emergency stop in ${steps.length} steps (${recoveryType})`,
    requestedBy,
    requiredRole: 'MANAGER',
    proposal: { recoveryType, steps: steps.map(shownStep) },
    recoveryId: id,
    expiresAt: null,
  });
}

/** Asks a MANAGER to approve one step, in the transaction that makes it the step's turn. */
export function askForStep(
  tx: Tx,
  deps: RecoveryDeps,
  recovery: Recovery,
  step: RecoveryStep,
  { requestedBy, note }: { requestedBy: Actor; note: string | null },
) {
  return askApproval(tx, deps, {
    projectId: recovery.projectId,
    kind: 'RECOVERY_STEP',
    summary: step.title,
    requestedBy,
    requiredRole: 'MANAGER',
    proposal: { recoveryType: recovery.recoveryType, ...shownStep(step), note },
    recoveryId: recovery.id,
    stepId: step.id,
    expiresAt: null,
  });
}
