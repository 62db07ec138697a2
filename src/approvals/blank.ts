import type { ApprovalKind } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';
import { asJson } from '../sessions/aggregate.ts';

/** What every approval is when it has just been asked for. */
export const blankApproval = (id: string, kind: ApprovalKind, requestedBy: Actor, now: Date) => ({
  id,
  kind,
  status: 'PENDING' as const,
  version: 0,
  teamId: null,
  sessionId: null,
  taskId: null,
  requestedBy: asJson(requestedBy),
  quorum: null,
  riskLevel: null,
  assessment: null,
  round: 1,
  approvedInput: null,
  permit: null,
  reservationId: null,
  callId: null,
  recoveryId: null,
  stepId: null,
  rejectionReason: null,
  modifications: null,
  createdAt: now,
  respondedAt: null,
  expiresAt: null,
  dueAt: null,
  warned: false,
  startedAt: null,
  settledAt: null,
  frozenAt: null,
  frozenMs: 0,
  open: true,
  delivery: 'UNANSWERED' as const,
  votes: [],
});
