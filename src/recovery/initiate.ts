import { transact, type Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { RecoveryType } from '../generated/prisma/enums.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { asJson } from '../sessions/aggregate.ts';
import { announceRecovery } from './announce.ts';
import { askForPlan } from './ask.ts';
import { readStop } from './assess.ts';
import { assessmentOf } from './assessment.ts';
import type { RecoveryDeps } from './deps.ts';
import { recordedStep, recoveryEvent } from './events.ts';
import { planFor } from './plan.ts';
import { type PlannedStep, stepsOf } from './planned-steps.ts';
import { OPEN, mayInitiate, type Recovery } from './rules.ts';
import { createSteps } from './store.ts';

/**
 * Begins the way back from the stop in force: assessed, planned, and its plan put before a MANAGER, in one transaction
 * (behaviour 7.5). INVALID_STATE where no stop is in force, or a recovery is open already (7.4).
 */
export async function initiateRecovery(
  deps: RecoveryDeps,
  viewer: Viewer,
  { projectId, recoveryType }: { projectId: string; recoveryType: RecoveryType },
): Promise<{ recoveryId: string; approvalId: string }> {
  if (!inScope(viewer, projectId)) throw refuse('NOT_FOUND', 'there is no such project', ['projectId']);
  const begun = await transact(deps.database, 'initiate a recovery', (tx) =>
    begin(tx, deps, viewer, projectId, recoveryType),
  );
  const { id: recoveryId, stopId } = begun.recovery;
  announceRecovery(deps, { projectId, stopId, approvalIds: [begun.approvalId], eventIds: begun.eventIds });
  return { recoveryId, approvalId: begun.approvalId };
}

async function begin(
  tx: Tx,
  deps: RecoveryDeps,
  viewer: Viewer,
  projectId: string,
  recoveryType: RecoveryType,
) {
  // Two who initiate at once, and a lift, wait here for one another; the index recovery_sessions_open_key would refuse.
  const [project] = await tx.$queryRaw<{ stopId: string | null }[]>`
    SELECT stop_id AS "stopId" FROM projects WHERE id = ${projectId} FOR NO KEY UPDATE`;
  if (project === undefined) throw refuse('NOT_FOUND', 'there is no such project', ['projectId']);
  const open = await tx.recoverySession.findFirst({ where: { projectId, status: { in: [...OPEN] } } });
  const allowed = mayInitiate(project.stopId, open);
  if (!allowed.ok) throw new DomainError([allowed.error]);
  const now = deps.clock.now();
  const found = await readStop(tx, allowed.value);
  const id = deps.ids.next('recovery');
  const plan = planFor(found.stop.conditions, found.sessions, found.tasks);
  const recovery: Recovery = {
    id,
    projectId,
    stopId: allowed.value,
    recoveryType,
    status: 'WAITING_APPROVAL',
    version: 0,
    assessment: asJson(assessmentOf(found, now)),
    initiatedBy: asJson(viewer.actor),
    createdAt: now,
    completedAt: null,
    steps: stepsOf(plan).map((step, position) => newStep(deps.ids.next('step'), id, position, step)),
  };
  const { steps, ...row } = recovery;
  await tx.recoverySession.create({
    data: { ...row, assessment: row.assessment as object, initiatedBy: row.initiatedBy as object },
  });
  await createSteps(tx, steps);
  const data = { recoveryType, steps: steps.map(recordedStep) as Json[] };
  const initiated = [recoveryEvent(recovery, 'recovery_initiated', data, viewer.actor, now)];
  const eventIds = await appendEvents(tx, deps.ids, initiated);
  const asked = await askForPlan(tx, deps, recovery, viewer.actor);
  return { recovery, approvalId: asked.approval.id, eventIds: [...eventIds, ...asked.eventIds] };
}

export const newStep = (
  id: string,
  recoveryId: string,
  position: number,
  { title, description, action, parameters }: PlannedStep,
): Recovery['steps'][number] => ({
  id,
  recoveryId,
  position,
  title,
  description,
  action,
  parameters: asJson(parameters),
  status: 'PENDING',
  result: null,
  error: null,
});
