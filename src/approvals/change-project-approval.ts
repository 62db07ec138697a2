import { transact, type Tx } from '../database/transact.ts';
import { appendEvents, type NewEvent } from '../events/append.ts';
import type { EventType } from '../events/catalog.ts';
import type { Approval, ApprovalVote } from '../generated/prisma/client.ts';
import type { ApprovalStatus } from '../generated/prisma/enums.ts';
import { type Actor, systemActor } from '../identity/viewer.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Kept } from '../secrets/vault.ts';
import type { VotedApproval } from '../sessions/aggregate.ts';
import { NOT_IN_TIME, warned, warningData } from './advance.ts';
import { clockMoves } from './deadlines.ts';
import { isOfRecovery } from './rules.ts';
import type { ProjectApprovalDeps } from './seams.ts';
import { updateApproval } from './store.ts';
import { settled } from './vote.ts';

/** What is to be written of an approval that belongs to no session. */
export interface ProjectRuling {
  approval: VotedApproval;
  vote?: ApprovalVote;
  events: NewEvent[];
  /** Whose doing it is that it is settled now; null while it is not. */
  settledBy: Actor | null;
}

/** `approval` stands as the clock has it. Null: there is nothing to write. Throws DomainError to refuse. */
export type DecideProjectApproval = (
  approval: VotedApproval,
  circumstances: { stopped: boolean; now: Date },
) => ProjectRuling | null;

/** What was written, to be announced after the commit. */
export interface Written {
  approval: Approval;
  eventIds: string[];
  /** What another room has to tell. */
  afterwards?: () => void;
}

/**
 * A change of an approval that belongs to no session (budget overrides, recovery), in the caller's transaction: under
 * the project's row, where a stop forbids it, then under its own. Settling it does what it was asked for.
 */
export async function changeProjectApproval(
  tx: Tx,
  deps: ProjectApprovalDeps,
  { id, projectId, kind }: Pick<Approval, 'id' | 'projectId' | 'kind'>,
  decide: DecideProjectApproval,
): Promise<Written | null> {
  const stopped = isOfRecovery(kind) ? false : (await isStopped(tx, projectId)) !== false;
  await tx.$executeRaw`SELECT 1 FROM approvals WHERE id = ${id} FOR NO KEY UPDATE`;
  const locked = await tx.approval.findUniqueOrThrow({ where: { id }, include: { votes: true } });
  const now = deps.clock.now();
  const clocked = byTheClock(locked, now);
  const ruling = decide(clocked.approval, { stopped, now }) ?? (clocked.approval === locked ? null : clocked);
  if (ruling === null) return null;
  const { approval, vote, settledBy } = ruling;
  await updateApproval(tx, approval, locked.version, vote ?? null);
  const events = ruling === clocked ? ruling.events : [...clocked.events, ...ruling.events];
  let afterwards: Written['afterwards'];
  if (settledBy !== null) {
    const status = approval.status as Exclude<ApprovalStatus, 'PENDING'>;
    const consequences = await deps.onSettled[kind]?.(tx, { approval, status, actor: settledBy, now });
    events.push(...(consequences?.events ?? []));
    afterwards = consequences?.afterwards;
  }
  const { votes: _, ...row } = approval;
  return {
    approval: { ...row, version: locked.version + 1 },
    eventIds: await appendEvents(tx, deps.ids, events),
    afterwards,
  };
}

/** The same in a transaction of its own, announced. `kept`: what was taken out of what it says, and is kept with it. */
export async function changeProjectApprovalNow(
  deps: ProjectApprovalDeps,
  name: string,
  approval: Pick<Approval, 'id' | 'projectId' | 'kind'>,
  decide: DecideProjectApproval,
  kept: readonly Kept[] = [],
): Promise<void> {
  const written = await transact(deps.database, name, async (tx) => {
    const changed = await changeProjectApproval(tx, deps, approval, decide);
    if (changed !== null) await deps.vault.keep(tx, kept);
    return changed;
  });
  announceApproval(deps, written);
}

/** To be called after the commit. */
export function announceApproval({ changes, committed }: ProjectApprovalDeps, written: Written | null): void {
  if (written === null) return;
  const { approval, eventIds } = written;
  changes.announce({
    projectId: approval.projectId,
    approvals: [{ id: approval.id, row: approval }],
    budget: approval.kind === 'BUDGET_OVERRIDE' && approval.status === 'APPROVED',
    stops: [],
    eventIds,
  });
  committed();
  written.afterwards?.();
}

/** Shared: a stop writes this row first, so that either it finds what is decided here, or this finds the stop (7.2). */
export async function isStopped(tx: Tx, projectId: string): Promise<boolean | null> {
  const [project] = await tx.$queryRaw<{ stopId: string | null }[]>`
    SELECT stop_id AS "stopId" FROM projects WHERE id = ${projectId} FOR SHARE`;
  return project === undefined ? null : project.stopId !== null;
}

/** What the clock had due, on the state that is decided next (behaviour 5.7). */
function byTheClock(locked: VotedApproval, now: Date): ProjectRuling {
  let approval = locked;
  let settledBy: Actor | null = null;
  const events: NewEvent[] = [];
  for (const move of clockMoves(locked, now)) {
    if (move.kind === 'warned') {
      approval = warned(approval);
      events.push(
        projectEvent(approval, 'approval_timeout_warning', systemActor, now, warningData(approval)),
      );
    } else {
      approval = settled(approval, 'TIMED_OUT', { by: systemActor, reason: NOT_IN_TIME }, now);
      settledBy = systemActor;
      events.push(resolvedEvent(approval, systemActor, now));
    }
  }
  return { approval, events, settledBy };
}

export const projectEvent = (
  { id, projectId }: Approval,
  type: EventType,
  actor: Actor,
  now: Date,
  data: JsonObject,
): NewEvent => ({
  type,
  projectId,
  teamId: null,
  sessionId: null,
  subjectId: id,
  actor,
  data,
  occurredAt: now,
});

export const resolvedEvent = (approval: Approval, actor: Actor, now: Date): NewEvent =>
  projectEvent(approval, 'approval_resolved', actor, now, {
    kind: approval.kind,
    status: approval.status,
    digest: approval.digest,
    reason: approval.rejectionReason,
  });
