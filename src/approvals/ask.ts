import type { Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { EventType } from '../events/catalog.ts';
import type { Approval, Prisma } from '../generated/prisma/client.ts';
import type { Role } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';
import { canonicalJson, type JsonObject, sha256 } from '../kernel/json.ts';
import { asJson } from '../sessions/aggregate.ts';
import { blankApproval } from './blank.ts';
import { projectEvent, type Written } from './change-project-approval.ts';
import { nextDue } from './deadlines.ts';
import type { ApprovalDeps } from './seams.ts';
import { insertApproval } from './store.ts';

/** An approval that belongs to no session, as whoever needs it words it. */
export interface Asked {
  kind: 'BUDGET_OVERRIDE' | 'RECOVERY_PLAN' | 'RECOVERY_STEP';
  projectId: string;
  /** One line for a person who has to decide. */
  summary: string;
  /** What is asked for, whole, without what is sensitive of it. */
  proposal: JsonObject;
  /** The same as it was said, where that is something else: the digest is of this (behaviour 8.8). */
  said?: JsonObject;
  requestedBy: Actor;
  requiredRole: Role;
  recoveryId?: string;
  stepId?: string;
  /** Null: it waits for as long as it takes. */
  expiresAt: Date | null;
}

const eventTypes = {
  BUDGET_OVERRIDE: 'budget_override_requested',
  RECOVERY_PLAN: 'recovery_plan_requested',
  RECOVERY_STEP: 'recovery_step_requested',
} as const satisfies Record<Asked['kind'], EventType>;

/**
 * Asks for an approval that belongs to no session, in the caller's transaction. What happens once it is settled is the
 * business of `deps.onSettled` of its kind; the caller announces it after the commit (announceApproval).
 */
export async function askApproval(
  tx: Tx,
  deps: Pick<ApprovalDeps, 'ids' | 'clock'>,
  asked: Asked,
): Promise<Written> {
  const { kind, projectId, summary, requestedBy, requiredRole, expiresAt } = asked;
  const now = deps.clock.now();
  const { votes: _, ...blank } = blankApproval(deps.ids.next('approval'), kind, requestedBy, now);
  const approval: Approval = {
    ...blank,
    projectId,
    summary,
    requiredRole,
    requiredApprovals: 1,
    proposal: asJson(asked.proposal) as Prisma.JsonValue,
    digest: sha256(canonicalJson(asked.said ?? asked.proposal)),
    recoveryId: asked.recoveryId ?? null,
    stepId: asked.stepId ?? null,
    expiresAt,
    dueAt: expiresAt && nextDue({ createdAt: now, expiresAt, warned: false, frozenMs: 0 }),
  };
  await insertApproval(tx, approval);
  const data = {
    requiredRole,
    digest: approval.digest,
    expiresAt: expiresAt?.toISOString() ?? null,
    ...(asked.recoveryId === undefined ? {} : { recoveryId: asked.recoveryId }),
    ...(asked.stepId === undefined ? {} : { stepId: asked.stepId }),
  };
  const event = projectEvent(approval, eventTypes[kind], requestedBy, now, data);
  return { approval, eventIds: await appendEvents(tx, deps.ids, [event]) };
}
