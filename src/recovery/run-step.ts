import { isUnavailable } from '../database/faults.ts';
import { ContentionError, LONGEST, transact, type Tx } from '../database/transact.ts';
import { afterLift } from '../emergency/lift.ts';
import { appendEvents } from '../events/append.ts';
import type { Approval } from '../generated/prisma/client.ts';
import { type Actor, systemActor } from '../identity/viewer.ts';
import type { Kept } from '../secrets/vault.ts';
import { type Action, type Done, StepFailed } from './actions/action.ts';
import { actions, isAction } from './actions/registry.ts';
import { announceRecovery } from './announce.ts';
import { askForStep, NO_NOTE } from './ask.ts';
import type { RecoveryDeps } from './deps.ts';
import {
  asked,
  asksByItself,
  begun,
  completed,
  currentStep,
  failed,
  isByHand,
  type Recovery,
  running,
} from './rules.ts';
import { lockRecovery, lockWithProject, writeMove } from './store.ts';

/** Who runs a step, and what they wrote about it. */
interface Performer {
  actor: Actor;
  /** Without what is sensitive of it, which is kept once the note is. */
  note: string | null;
  kept?: readonly Kept[];
}

/**
 * Runs a step that was approved, or that somebody began and did not finish: begins, acts and ends, each committed for
 * itself. The act and the step's end are one transaction, so that a process that dies anywhere in here leaves a step that
 * may be run again. Returns quietly where there is nothing to run any more.
 */
export async function runStep(
  deps: RecoveryDeps,
  recoveryId: string,
  stepId: string,
  performer: Performer,
): Promise<void> {
  await begin(deps, recoveryId, stepId, performer);
  try {
    await act(deps, recoveryId, stepId, performer);
  } catch (error) {
    // The database is away, or everybody wanted these rows: nothing was done, and it is tried again.
    if (isUnavailable(error) || error instanceof ContentionError) throw error;
    if (!(error instanceof StepFailed))
      deps.log.error({ err: error, recoveryId, stepId }, 'a step of a recovery broke off');
    const said =
      error instanceof StepFailed ? error.message : "an unexpected error, which stands in the server's log";
    await fail(deps, recoveryId, stepId, { performer, said });
  }
}

async function begin(
  deps: RecoveryDeps,
  recoveryId: string,
  stepId: string,
  { actor, note, kept = [] }: Performer,
): Promise<void> {
  const noted = note === null ? null : { note, notedBy: { ...actor } };
  const told = await transact(deps.database, 'begin a recovery step', async (tx) => {
    const before = await lockRecovery(tx, recoveryId);
    const after = before && begun(before, stepId, noted);
    if (before === null || after === null) return null;
    await deps.vault.keep(tx, kept);
    const events = await writeMove(tx, { before, after, actor, now: deps.clock.now() });
    return { recovery: before, eventIds: await appendEvents(tx, deps.ids, events) };
  });
  if (told !== null) tell(deps, told.recovery, told);
}

async function act(
  deps: RecoveryDeps,
  recoveryId: string,
  stepId: string,
  performer: Performer,
): Promise<void> {
  // The last step lifts the stop: as much as the stop wrote is written back.
  const told = await transact(
    deps.database,
    'run a recovery step',
    (tx) => actOnce(tx, deps, recoveryId, stepId, performer),
    LONGEST,
  );
  if (told === null) return;
  tell(deps, told.recovery, told);
  if (told.done.lifted !== undefined) afterLift(deps, told.done.lifted);
}

interface Told {
  recovery: Recovery;
  done: Done;
  approvalIds: string[];
  eventIds: string[];
}

async function actOnce(
  tx: Tx,
  deps: RecoveryDeps,
  recoveryId: string,
  stepId: string,
  { actor }: Performer,
): Promise<Told | null> {
  const locked = await lockWithProject(tx, recoveryId);
  const step = locked && running(locked.recovery, stepId);
  if (locked === null || step === null) return null;
  const before = locked.recovery;
  const now = deps.clock.now();
  // Beneath a stop that is not the recovery's own any more, nothing of the plan holds.
  if (locked.stopId !== before.stopId)
    throw new StepFailed('the emergency stop that this recovers from is not in force');
  const approver = await approverOf(tx, stepId);
  const byWhom = actor.kind === 'SYSTEM' ? (approver ?? actor) : actor;
  const done = await perform(tx, deps, before, { step, actor: byWhom, now });
  const after = completed(before, step, done.result, now);
  const next = asksByItself(after.recoveryType) ? currentStep(after) : null;
  const moved = next === null ? after : asked(after, next);
  const eventIds = await appendEvents(
    tx,
    deps.ids,
    await writeMove(tx, { before, after: moved, actor, now }),
  );
  const asking = next && (await askForStep(tx, deps, after, next, systemActor, NO_NOTE));
  return {
    recovery: before,
    done,
    approvalIds: asking ? [asking.approval.id] : [],
    eventIds: [...eventIds, ...(done.eventIds ?? []), ...(asking?.eventIds ?? [])],
  };
}

function perform(
  tx: Tx,
  deps: RecoveryDeps,
  recovery: Recovery,
  { step, actor, now }: { step: Recovery['steps'][number]; actor: Actor; now: Date },
): Promise<Done> {
  if (!isAction(step.action)) throw new StepFailed(`this release knows no action ${step.action}`);
  const action: Action = actions[step.action];
  const doing = { recovery, step, actor, now };
  return isByHand(recovery.recoveryType) && action.byHand
    ? action.byHand(tx, deps, doing)
    : action.run(tx, deps, doing);
}

/** Who said that the step may be done: whom a worker does it for. */
async function approverOf(tx: Tx, stepId: string): Promise<Actor | null> {
  const approval: Pick<Approval, 'id'> | null = await tx.approval.findFirst({
    where: { stepId, status: 'APPROVED' },
    orderBy: { id: 'desc' },
    select: { id: true },
  });
  const vote =
    approval &&
    (await tx.approvalVote.findFirst({
      where: { approvalId: approval.id, verdict: 'APPROVE' },
      orderBy: { decidedAt: 'desc' },
    }));
  return vote ? (vote.actor as unknown as Actor) : null;
}

async function fail(
  deps: RecoveryDeps,
  recoveryId: string,
  stepId: string,
  { performer, said }: { performer: Performer; said: string },
): Promise<void> {
  const told = await transact(deps.database, 'fail a recovery step', async (tx) => {
    const before = await lockRecovery(tx, recoveryId);
    const step = before && running(before, stepId);
    if (before === null || step === null) return null;
    const after = failed(before, step, said);
    const events = await writeMove(tx, { before, after, actor: performer.actor, now: deps.clock.now() });
    return { recovery: before, eventIds: await appendEvents(tx, deps.ids, events) };
  });
  if (told !== null) tell(deps, told.recovery, told);
}

const tell = (
  deps: RecoveryDeps,
  { projectId, stopId }: Recovery,
  { eventIds, approvalIds = [], done }: { eventIds: string[]; approvalIds?: string[]; done?: Done },
): void => announceRecovery(deps, { projectId, stopId, approvalIds, eventIds, budget: done?.budget });
