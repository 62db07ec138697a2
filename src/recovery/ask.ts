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

/** What whoever takes a step on wrote: as it was said, and without what is sensitive of it. */
export interface Note {
  said: string | null;
  note: string | null;
}

export const NO_NOTE: Note = { said: null, note: null };

/** Asks a MANAGER to approve one step, in the transaction that makes it the step's turn. */
export function askForStep(
  tx: Tx,
  deps: RecoveryDeps,
  recovery: Recovery,
  step: RecoveryStep,
  requestedBy: Actor,
  { said, note }: Note,
) {
  const proposal = { recoveryType: recovery.recoveryType, ...shownStep(step) };
  return askApproval(tx, deps, {
    projectId: recovery.projectId,
    kind: 'RECOVERY_STEP',
    summary: step.title,
    requestedBy,
    requiredRole: 'MANAGER',
    proposal: { ...proposal, note },
    said: { ...proposal, note: said },
    recoveryId: recovery.id,
    stepId: step.id,
    expiresAt: null,
  });
}
