import type { ApprovalVote } from '../../src/generated/prisma/client.ts';
import type { Role } from '../../src/generated/prisma/enums.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import type { VotedApproval } from '../../src/sessions/aggregate.ts';
import type { Ballot, Edit } from '../../src/approvals/vote.ts';
import { blankApproval } from '../../src/approvals/blank.ts';

export const at = (minutes: number): Date => new Date(Date.parse('2026-03-01T09:00:00Z') + minutes * 60_000);

export const requester = { kind: 'AGENT' as const, id: 'key_agent', name: 'ada', role: 'AGENT' as const };

/** An agent call, asked at 0 and to be started within 30 minutes, unless it is said otherwise. */
export const anApproval = (more: Partial<VotedApproval> = {}): VotedApproval => ({
  ...blankApproval('approval_1', 'AGENT_CALL', requester, at(0)),
  projectId: 'project_1',
  summary: 'ada: send',
  requiredRole: 'OPERATOR',
  requiredApprovals: 1,
  proposal: {},
  digest: 'd1',
  expiresAt: at(30),
  dueAt: at(24),
  ...more,
});

export const person = (id: string, role: Role = 'OPERATOR'): Viewer => ({
  actor: { kind: 'USER', id, name: id, role },
  role,
  projectId: 'project_1',
  credentialId: `key_${id}`,
  expiresAt: null,
});

export const ballot = (more: Partial<Ballot> = {}): Ballot => ({
  verdict: 'APPROVE',
  reason: null,
  edit: null,
  modifications: null,
  seen: null,
  fingerprint: JSON.stringify(more),
  ...more,
});

export const edit = (digest: string, requiredRole: Role = 'OPERATOR', requiredApprovals = 1): Edit => ({
  input: { digest },
  digest,
  assessment: { level: requiredRole === 'OPERATOR' ? 'LOW' : 'HIGH', score: 0, factors: [] },
  terms: { requiredRole, requiredApprovals },
});

export const vote = (actorId: string, more: Partial<ApprovalVote> = {}): ApprovalVote => ({
  approvalId: 'approval_1',
  round: 1,
  actorId,
  verdict: 'APPROVE',
  actor: {},
  reason: null,
  digest: 'd1',
  fingerprint: JSON.stringify({}),
  decidedAt: at(1),
  ...more,
});
