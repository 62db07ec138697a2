import type { Written } from '../approvals/change-project-approval.ts';
import type { Consequences, Settlement } from '../approvals/seams.ts';
import { toUnits } from '../budgets/state.ts';
import type { Tx } from '../database/transact.ts';
import type { NewEvent } from '../events/append.ts';
import type { Approval } from '../generated/prisma/client.ts';
import { satisfies } from '../identity/permissions.ts';
import { type Actor, systemActor } from '../identity/viewer.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { announceRecovery, type RecoveryTold, wakeWorkers } from './announce.ts';
import { askForStep, NO_NOTE } from './ask.ts';
import { readStop } from './assess.ts';
import { judge } from './cause.ts';
import type { RecoveryDeps } from './deps.ts';
import { recordedStep, recoveryEvent } from './events.ts';
import { newStep } from './initiate.ts';
import { changePlan, type ChangedStep, modificationFault } from './modifications.ts';
import { foreseen } from './plan.ts';
import { isIdle } from './planned-steps.ts';
import {
  asked,
  asksByItself,
  currentStep,
  planSettled,
  type Recovery,
  stepSettled,
  type Verdict,
} from './rules.ts';
import { lockRecovery, replaceSteps, writeMove } from './store.ts';

const nothing: Consequences = { events: [] };

/** A plan's or step's approval that was cancelled, or ran out, was not given. */
const verdictOf = (status: Settlement['status']): Verdict =>
  status === 'APPROVED' || status === 'REJECTED' ? status : 'CANCELLED';

/** The plan was approved, as it stood or with changes, or was not (behaviour 7.5). INVALID_INPUT names faults of the changes. */
export async function onPlanSettled(
  tx: Tx,
  deps: RecoveryDeps,
  settlement: Settlement,
): Promise<Consequences> {
  const { approval, status, actor, now } = settlement;
  const before = await lockRecovery(tx, approval.recoveryId!);
  const moved = before && planSettled(before, verdictOf(status), now);
  if (before === null || moved === null) return nothing;
  mayLetGo(status, actor);
  if (moved.status !== 'IN_PROGRESS') {
    const ended = await writeMove(tx, { before, after: moved, actor, now });
    return { events: ended, afterwards: () => announceRecovery(deps, toldOf(before)) };
  }
  const steps = approvedSteps(deps, before, approval);
  await refuseHopelessLimits(tx, before, steps, now);
  await replaceSteps(tx, before.id, steps);
  const planned: Recovery = { ...before, steps };
  const data = { modifications: approval.modifications as Json, steps: steps.map(recordedStep) as Json[] };
  const started = recoveryEvent(planned, 'recovery_started', data, actor, now);
  const { events, asking } = await goOn(tx, deps, planned, { ...moved, steps }, actor, now);
  return { events: [started, ...events], afterwards: () => announceRecovery(deps, toldOf(before, asking)) };
}

/** The steps as they were approved: with the approver's changes, and without what then has nothing to do. */
function approvedSteps(
  deps: RecoveryDeps,
  { id, steps }: Recovery,
  { modifications }: Approval,
): Recovery['steps'] {
  const changed = changePlan(steps, modifications ?? {});
  if (!changed.ok) throw new DomainError(changed.errors);
  return changed.steps.map((step: ChangedStep, position) => ({
    ...newStep(step.id ?? deps.ids.next('step'), id, position, step),
    status: step.skipped || isIdle(step) ? ('SKIPPED' as const) : ('PENDING' as const),
  }));
}

/** A limit under which the stop could not lift again today is a slip, or a rejection in disguise. */
async function refuseHopelessLimits(
  tx: Tx,
  { stopId }: Recovery,
  steps: Recovery['steps'],
  now: Date,
): Promise<void> {
  const expected = foreseen(steps, toUnits);
  if (expected.dailyCost === null) return;
  const { evidence } = await readStop(tx, stopId);
  const { cleared, finding } = judge('BUDGET_CRITICAL', evidence, expected, now);
  if (!cleared) throw new DomainError([modificationFault(['limits', 'dailyCost'], finding)]);
}

/** To let what a recovery waits for go is to hold the recovery up, and no less than managing it (behaviour 2.3). */
function mayLetGo(status: Settlement['status'], { kind, role }: Actor): void {
  if (status !== 'CANCELLED' || kind === 'SYSTEM' || (role !== null && satisfies(role, 'MANAGER'))) return;
  throw refuse(
    'FORBIDDEN',
    'what a recovery has asked for is taken back by someone with the role MANAGER or a higher one',
  );
}

/** A step was approved, or was not: where the recovery goes by itself, a worker runs it (behaviour 7.5, 7.6). */
export async function onStepSettled(
  tx: Tx,
  deps: RecoveryDeps,
  settlement: Settlement,
): Promise<Consequences> {
  const { approval, status, actor, now } = settlement;
  const before = await lockRecovery(tx, approval.recoveryId!);
  const after = before && stepSettled(before, approval.stepId!, verdictOf(status), approval.rejectionReason);
  if (before === null || after === null) return nothing;
  mayLetGo(status, actor);
  const events = await writeMove(tx, { before, after, actor, now });
  const runs = status === 'APPROVED' && asksByItself(before.recoveryType);
  if (runs) await deps.enqueueRecoveries(tx, [before.id]);
  return {
    events,
    afterwards() {
      announceRecovery(deps, toldOf(before));
      if (runs) wakeWorkers(deps);
    },
  };
}

/** Writes the move; where the recovery goes by itself, the step whose turn it is by then is asked for along with it. */
async function goOn(
  tx: Tx,
  deps: RecoveryDeps,
  before: Recovery,
  moved: Recovery,
  actor: Actor,
  now: Date,
): Promise<{ events: NewEvent[]; asking: Written | null }> {
  const next = asksByItself(moved.recoveryType) ? currentStep(moved) : null;
  const after = next === null ? moved : asked(moved, next);
  const events = await writeMove(tx, { before, after, actor, now });
  const asking = next && (await askForStep(tx, deps, moved, next, systemActor, NO_NOTE));
  return { events, asking };
}

/** The events of the recovery itself are told of with the approval that was settled. */
const toldOf = ({ projectId, stopId }: Recovery, asking: Written | null = null): RecoveryTold => ({
  projectId,
  stopId,
  approvalIds: asking ? [asking.approval.id] : [],
  eventIds: asking?.eventIds ?? [],
});
