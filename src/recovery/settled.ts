import type { Tx } from '../database/transact.ts';
import type { NewEvent } from '../events/append.ts';
import type { Approval } from '../generated/prisma/client.ts';
import type { ApprovalStatus } from '../generated/prisma/enums.ts';
import { satisfies } from '../identity/permissions.ts';
import { type Actor, systemActor } from '../identity/viewer.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { askForStep } from './ask.ts';
import type { RecoveryDeps } from './deps.ts';
import { recordedStep, recoveryEvent } from './events.ts';
import { newStep } from './initiate.ts';
import { changePlan, type ChangedStep } from './modifications.ts';
import { isIdle } from './plan.ts';
import { asked, asksByItself, currentStep, planSettled, type Recovery, stepSettled, type Verdict } from './rules.ts';
import { lockRecovery, replaceSteps, writeMove } from './store.ts';

/** An approval of a recovery was settled, in the transaction that settled it: the recovery moves with it, or not at all. */
export interface Settlement {
  approval: Approval;
  status: Exclude<ApprovalStatus, 'PENDING'>;
  actor: Actor;
  now: Date;
}

/** What the deciding transaction still has to write and to tell. */
export interface Settled {
  events: readonly NewEvent[];
  stopId: string | null;
}

const nothing: Settled = { events: [], stopId: null };

/** A plan's or step's approval that was cancelled, or ran out, was not given. */
const verdictOf = (status: Settlement['status']): Verdict =>
  status === 'APPROVED' || status === 'REJECTED' ? status : 'CANCELLED';

/** The plan was approved, as it stood or with changes, or was not (behaviour 7.5). INVALID_INPUT names faults of the changes. */
export async function onPlanSettled(tx: Tx, deps: RecoveryDeps, settlement: Settlement): Promise<Settled> {
  const { approval, status, actor, now } = settlement;
  const before = await lockRecovery(tx, approval.recoveryId!);
  const moved = before && planSettled(before, verdictOf(status), now);
  if (before === null || moved === null) return nothing;
  mayLetGo(status, actor);
  if (moved.status !== 'IN_PROGRESS')
    return { events: await writeMove(tx, { before, after: moved, actor, now }), stopId: before.stopId };
  const steps = approvedSteps(deps, before, approval);
  await replaceSteps(tx, before.id, steps);
  const planned: Recovery = { ...before, steps };
  const data = { modifications: approval.modifications as Json, steps: steps.map(recordedStep) as Json[] };
  const started = recoveryEvent(planned, 'recovery_started', data, actor, now);
  const events = await goOn(tx, deps, planned, { ...moved, steps }, actor, now);
  return { events: [started, ...events], stopId: before.stopId };
}

/** The steps as they were approved: with the approver's changes, and without what then has nothing to do. */
function approvedSteps(deps: RecoveryDeps, { id, steps }: Recovery, { modifications }: Approval): Recovery['steps'] {
  const changed = changePlan(steps, modifications ?? {});
  if (!changed.ok) throw new DomainError(changed.errors);
  return changed.steps.map((step: ChangedStep, position) => ({
    ...newStep(step.id ?? deps.ids.next('step'), id, position, step),
    status: step.skipped || isIdle(step) ? ('SKIPPED' as const) : ('PENDING' as const),
  }));
}

/** To let what a recovery waits for go is to hold the recovery up, and no less than managing it (behaviour 2.3). */
function mayLetGo(status: Settlement['status'], { kind, role }: Actor): void {
  if (status !== 'CANCELLED' || kind === 'SYSTEM' || (role !== null && satisfies(role, 'MANAGER'))) return;
  throw refuse('FORBIDDEN', 'what a recovery has asked for is taken back by someone with the role MANAGER or a higher one');
}

/** A step was approved, or was not: where the recovery goes by itself, a worker runs it (behaviour 7.5, 7.6). */
export async function onStepSettled(tx: Tx, deps: RecoveryDeps, settlement: Settlement): Promise<Settled> {
  const { approval, status, actor, now } = settlement;
  const before = await lockRecovery(tx, approval.recoveryId!);
  const after =
    before && stepSettled(before, approval.stepId!, verdictOf(status), approval.rejectionReason);
  if (before === null || after === null) return nothing;
  mayLetGo(status, actor);
  const events = await writeMove(tx, { before, after, actor, now });
  if (status === 'APPROVED' && asksByItself(before.recoveryType)) await deps.enqueueRecoveries(tx, [before.id]);
  return { events, stopId: before.stopId };
}

/** Writes the move; where the recovery goes by itself, the step whose turn it is by then is asked for along with it. */
async function goOn(
  tx: Tx,
  deps: RecoveryDeps,
  before: Recovery,
  moved: Recovery,
  actor: Actor,
  now: Date,
): Promise<NewEvent[]> {
  const next = currentStep(moved);
  if (next === null || !asksByItself(moved.recoveryType)) return writeMove(tx, { before, after: moved, actor, now });
  const events = await writeMove(tx, { before, after: asked(moved, next), actor, now });
  await askForStep(tx, deps, moved, next, { requestedBy: systemActor, note: null, now });
  return events;
}
