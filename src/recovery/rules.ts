import type { RecoverySession, RecoveryStep } from '../generated/prisma/client.ts';
import type { RecoveryStatus, RecoveryStepStatus, RecoveryType } from '../generated/prisma/enums.ts';
import { assertNever } from '../kernel/assert-never.ts';
import type { UserError } from '../kernel/errors.ts';
import type { JsonObject } from '../kernel/json.ts';

// The way back from an emergency stop, and who moves it (behaviour 7.4 to 7.7).
//
//   initiateRecovery ─▶ ASSESSMENT ─assessed, planned and asked, in one transaction─▶ WAITING_APPROVAL
//      WAITING_APPROVAL ─plan approved─▶ IN_PROGRESS ─last step done, the stop lifts─▶ COMPLETED
//                       ─plan rejected─▶ REJECTED        │    ▲
//                       ─plan's approval cancelled─▶ CANCELLED
//                                  a step failed, or was rejected │    │ asked for again
//                                                        ▼    │
//                                                        FAILED
//      any of WAITING_APPROVAL, IN_PROGRESS, FAILED ─cancelRecovery─▶ CANCELLED
//
// A step, strictly in turn: only the first that is neither COMPLETED nor SKIPPED moves.
//
//   PENDING ─asked: by itself when its turn comes (AUTOMATED), else executeRecoveryStep─▶ WAITING_APPROVAL
//      WAITING_APPROVAL ─approved─▶ APPROVED ─job (AUTOMATED) or executeRecoveryStep─▶ RUNNING ─▶ COMPLETED
//                       ─rejected, or its approval cancelled─▶ REJECTED             └─ cannot be done ─▶ FAILED
//      REJECTED, FAILED ─executeRecoveryStep asks again─▶ WAITING_APPROVAL
//      PENDING ─the plan's approver leaves it out─▶ SKIPPED
//
// Invariants: one recovery a project is open (the index recovery_sessions_open_key). The stop lifts in the transaction
// that completes the last step, which is lift_stop, and in no other. ASSESSMENT is never committed. RUNNING says that
// somebody began, and nothing more: a step's effect and its COMPLETED are one transaction, so that whoever finds it
// RUNNING may run it again (its worker died), and of two who do, the second finds it done.
//
// Called by: initiate.ts (mayInitiate), settled.ts (planSettled, stepSettled, asked), execute-step.ts (actOn, asked),
// run-step.ts (begun, running, completed, failed, asked), proceed.ts (awaitsWorker), cancel.ts (mayCancel, cancelled).
//
// Races, all settled under the lock on the recovery's row, which every move takes, at the version that was read:
// two initiate: the second finds one open (INVALID_STATE). Approve against cancel: whoever locks the approval first; the
// other finds it settled, or the recovery over. Two execute: one asks and the other is shown what was asked, or one runs
// and the other finds it done. What a session's owner ends meanwhile is simply not there when its turn comes.

export type Recovery = RecoverySession & { readonly steps: readonly RecoveryStep[] };

/** Not over: no other may begin, and its plan or steps can still move. As the index recovery_sessions_open_key has it. */
export const OPEN: readonly RecoveryStatus[] = ['ASSESSMENT', 'WAITING_APPROVAL', 'IN_PROGRESS', 'FAILED'];

export const isOpen = (status: RecoveryStatus): boolean => OPEN.includes(status);

/** Nothing of it is left to do. */
export const isDone = (status: RecoveryStepStatus): boolean => status === 'COMPLETED' || status === 'SKIPPED';

/** It was asked for and could not be done, or was not allowed: it can be asked for again. */
const stoppedThere = (status: RecoveryStepStatus): boolean => status === 'FAILED' || status === 'REJECTED';

/** The step whose turn it is; null once all are done. `steps` in the order of the plan. */
export const currentStep = <Step extends RecoveryStep>({ steps }: { steps: readonly Step[] }): Step | null =>
  steps.find(({ status }) => !isDone(status)) ?? null;

/** Whether a worker has something to do for it: what a crash left behind looks like this too. */
export function awaitsWorker(recovery: Recovery): boolean {
  if (recovery.status !== 'IN_PROGRESS') return false;
  const status = currentStep(recovery)?.status;
  return status === 'RUNNING' || (status === 'APPROVED' && asksByItself(recovery.recoveryType));
}

/** Its steps are asked for when their turn comes and run as they are approved; else somebody says when. */
export const asksByItself = (type: RecoveryType): boolean => type === 'AUTOMATED';

/** People do what its steps say, and write down what they did; the system only lifts the stop. */
export const isByHand = (type: RecoveryType): boolean => type === 'MANUAL';

export type Allowed<T> = { ok: true; value: T } | { ok: false; error: UserError };
const allow = <T>(value: T): Allowed<T> => ({ ok: true, value });
const deny = (code: UserError['code'], message: string, path?: string[]): Allowed<never> => ({
  ok: false,
  error: { code, message, ...(path && { path }) },
});

/** One recovery at a time, of a stop that is in force (behaviour 7.4). */
export function mayInitiate(
  stopId: string | null,
  open: { id: string; status: string } | null,
): Allowed<string> {
  if (stopId === null)
    return deny('INVALID_STATE', 'no emergency stop is in force: there is nothing to recover from');
  if (open !== null)
    return deny('INVALID_STATE', `${open.id} is open and ${open.status}: finish or cancel it first`);
  return allow(stopId);
}

/** How an approval ended, as far as a recovery cares: only APPROVED lets it go on. */
export type Verdict = 'APPROVED' | 'REJECTED' | 'CANCELLED';

/** The plan's approval was settled. Null: the recovery has moved on without it, and nothing is to be done. */
export function planSettled(recovery: Recovery, verdict: Verdict, now: Date): Recovery | null {
  if (recovery.status !== 'WAITING_APPROVAL') return null;
  return verdict === 'APPROVED'
    ? { ...recovery, status: 'IN_PROGRESS' }
    : { ...recovery, status: verdict, completedAt: now };
}

/** What calling for a step means as things stand. */
export type Act =
  | { kind: 'ask'; step: RecoveryStep }
  /** It was asked for before: that approval is shown again. */
  | { kind: 'waits'; step: RecoveryStep }
  | { kind: 'run'; step: RecoveryStep };

/** What `executeRecoveryStep` does with the step named (behaviour 7.5, 7.6). */
export function actOn(recovery: Recovery, stepId: string, note: string | null): Allowed<Act> {
  const step = recovery.steps.find(({ id }) => id === stepId);
  if (step === undefined) return deny('NOT_FOUND', 'the recovery has no such step', ['stepId']);
  if (!isOpen(recovery.status)) return deny('INVALID_STATE', `the recovery is ${recovery.status}`);
  if (recovery.status === 'WAITING_APPROVAL' || recovery.status === 'ASSESSMENT')
    return deny('INVALID_STATE', "the recovery's plan has not been approved yet");
  if (isDone(step.status)) return deny('INVALID_STATE', `the step is ${step.status}`);
  const current = currentStep(recovery)!;
  if (current.id !== step.id)
    return deny(
      'INVALID_STATE',
      `it is not this step's turn: "${current.title}" (${current.id}) comes first`,
    );
  if (isByHand(recovery.recoveryType) && (note ?? '').trim() === '')
    return deny(
      'REASON_REQUIRED',
      'note is required in a MANUAL recovery: what you did, or are about to do',
      ['note'],
    );
  return allow({ kind: actFor(step.status), step });
}

function actFor(status: RecoveryStepStatus): Act['kind'] {
  switch (status) {
    case 'PENDING':
    case 'REJECTED':
    case 'FAILED':
      return 'ask';
    case 'WAITING_APPROVAL':
      return 'waits';
    case 'APPROVED':
    case 'RUNNING':
      return 'run';
    case 'COMPLETED':
    case 'SKIPPED':
      throw new Error('a step that is done has no act');
    default:
      return assertNever(status);
  }
}

const withStep = (recovery: Recovery, step: RecoveryStep): Recovery => ({
  ...recovery,
  steps: recovery.steps.map((each) => (each.id === step.id ? step : each)),
});

/** Its approval is asked for; a recovery that stood still for it goes on. */
export function asked(recovery: Recovery, step: RecoveryStep): Recovery {
  const again = stoppedThere(step.status);
  return {
    ...withStep(recovery, {
      ...step,
      status: 'WAITING_APPROVAL',
      error: null,
      ...(again && { result: null }),
    }),
    status: 'IN_PROGRESS',
  };
}

/** The step's approval was settled. Null: it is not waited for any more. */
export function stepSettled(
  recovery: Recovery,
  stepId: string,
  verdict: Verdict,
  reason: string | null,
): Recovery | null {
  const step = recovery.steps.find(({ id }) => id === stepId);
  if (recovery.status !== 'IN_PROGRESS' || step?.status !== 'WAITING_APPROVAL') return null;
  if (verdict === 'APPROVED') return withStep(recovery, { ...step, status: 'APPROVED' });
  const how = verdict === 'REJECTED' ? 'rejected' : 'not decided: its approval was cancelled';
  const error = reason === null ? how : `${how}: ${reason}`;
  return { ...withStep(recovery, { ...step, status: 'REJECTED', error }), status: 'FAILED' };
}

/**
 * Somebody begins with it; what they wrote is kept from here on, whoever brings it to its end. Null: nobody may, or it was
 * begun before.
 */
export function begun(recovery: Recovery, stepId: string, noted: JsonObject | null): Recovery | null {
  const step = currentStep(recovery);
  if (recovery.status !== 'IN_PROGRESS' || step?.id !== stepId || step.status !== 'APPROVED') return null;
  return withStep(recovery, { ...step, status: 'RUNNING', result: noted });
}

/** The step that somebody has begun, and that may be run now; null where the world has moved on. */
export function running(recovery: Recovery, stepId: string): RecoveryStep | null {
  const step = currentStep(recovery);
  return recovery.status === 'IN_PROGRESS' && step?.id === stepId && step.status === 'RUNNING' ? step : null;
}

/** It is done; with the last one the recovery is. */
export function completed(recovery: Recovery, step: RecoveryStep, result: JsonObject, now: Date): Recovery {
  const kept = { ...result, ...(step.result as JsonObject | null) };
  const moved = withStep(recovery, { ...step, status: 'COMPLETED', result: kept, error: null });
  return currentStep(moved) === null ? { ...moved, status: 'COMPLETED', completedAt: now } : moved;
}

/** It could not be done; `error` says in a sentence what is wrong. Nothing of it has happened. */
export const failed = (recovery: Recovery, step: RecoveryStep, error: string): Recovery => ({
  ...withStep(recovery, { ...step, status: 'FAILED', error }),
  status: 'FAILED',
});

/** Nobody wants it any more; the stop stays in force. */
export function mayCancel(recovery: Recovery): Allowed<null> {
  return isOpen(recovery.status) ? allow(null) : deny('INVALID_STATE', `the recovery is ${recovery.status}`);
}

export function cancelled(recovery: Recovery, now: Date): Recovery {
  const step = currentStep(recovery);
  const underWay = step !== null && step.status !== 'PENDING' && !stoppedThere(step.status);
  const left = underWay
    ? withStep(recovery, { ...step, status: 'REJECTED', error: 'the recovery was cancelled' })
    : recovery;
  return { ...left, status: 'CANCELLED', completedAt: now };
}
