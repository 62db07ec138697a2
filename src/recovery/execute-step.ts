import { transact, type Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Kept } from '../secrets/vault.ts';
import { announceRecovery } from './announce.ts';
import { askForStep, type Note } from './ask.ts';
import type { RecoveryDeps } from './deps.ts';
import { actOn, asked, type Recovery } from './rules.ts';
import { runStep } from './run-step.ts';
import { lockRecovery, writeMove } from './store.ts';
import { takeOut } from './words.ts';

export interface ExecuteInput {
  recoverySessionId: string;
  stepId: string;
  /** What a person did, or is about to do. */
  note?: string | null;
}

/** How the call went; `approvalId` is the step's approval, where one is waited for. */
export interface Executed {
  recoveryId: string;
  approvalId: string | null;
  kind: 'asked' | 'waits' | 'ran';
  /** Why it could not be done, where it was run and could not. */
  error: string | null;
}

export const notFound = () => refuse('NOT_FOUND', 'there is no such recovery', ['recoverySessionId']);

/**
 * Takes the step whose turn it is on by one: asks for its approval where none stands, runs it once approved (behaviour
 * 7.5); a step that failed or was rejected is asked for again (7.6). Asking twice shows the same approval. A step that
 * cannot be done is FAILED with what is wrong, which is no refusal. Refusals: INVALID_STATE where it is not the step's
 * turn, it is done, or the recovery is over or its plan not approved; REASON_REQUIRED without the note of a MANUAL one.
 */
export async function executeRecoveryStep(
  deps: RecoveryDeps,
  viewer: Viewer,
  input: ExecuteInput,
): Promise<Executed> {
  const { recoverySessionId: recoveryId, stepId } = input;
  const faults = new Faults();
  faults.text(['note'], input.note, MAX_MESSAGE);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const said = input.note ?? null;
  const { words, kept } = await takeOut(deps, viewer, recoveryId, { note: said });
  const decided = await transact(deps.database, 'take a recovery on', (tx) =>
    decide(tx, deps, viewer, { recoveryId, stepId, note: { said, ...words }, kept }),
  );
  if (decided.kind === 'run') {
    await runStep(deps, recoveryId, stepId, { actor: viewer.actor, ...words, kept });
    const step = await deps.database.prisma.recoveryStep.findUnique({ where: { id: stepId } });
    return { recoveryId, approvalId: null, kind: 'ran', error: step?.error ?? null };
  }
  if (decided.kind === 'ask') {
    const { projectId, stopId } = decided.recovery;
    announceRecovery(deps, {
      projectId,
      stopId,
      approvalIds: [decided.approvalId],
      eventIds: decided.eventIds,
    });
  }
  return {
    recoveryId,
    approvalId: decided.approvalId,
    kind: decided.kind === 'ask' ? 'asked' : 'waits',
    error: null,
  };
}

type Decided =
  | { kind: 'run' }
  | { kind: 'waits'; approvalId: string | null }
  | { kind: 'ask'; recovery: Recovery; approvalId: string; eventIds: string[] };

async function decide(
  tx: Tx,
  deps: RecoveryDeps,
  viewer: Viewer,
  {
    recoveryId,
    stepId,
    note,
    kept,
  }: { recoveryId: string; stepId: string; note: Note; kept: readonly Kept[] },
): Promise<Decided> {
  const before = await lockRecovery(tx, recoveryId);
  if (before === null || !inScope(viewer, before.projectId)) throw notFound();
  const allowed = actOn(before, stepId, note.said);
  if (!allowed.ok) throw new DomainError([allowed.error]);
  const { kind, step } = allowed.value;
  if (kind === 'run') return { kind };
  if (kind === 'waits') {
    const pending = await tx.approval.findFirst({
      where: { stepId, status: 'PENDING' },
      select: { id: true },
    });
    return { kind, approvalId: pending?.id ?? null };
  }
  const now = deps.clock.now();
  await deps.vault.keep(tx, kept);
  const after = asked(before, step);
  const eventIds = await appendEvents(
    tx,
    deps.ids,
    await writeMove(tx, { before, after, actor: viewer.actor, now }),
  );
  const asking = await askForStep(tx, deps, before, step, viewer.actor, note);
  return {
    kind,
    recovery: before,
    approvalId: asking.approval.id,
    eventIds: [...eventIds, ...asking.eventIds],
  };
}
