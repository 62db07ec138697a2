// What waits for somebody's decision, whatever it is: one form for requests and for approvals of all kinds.
import type { QueueApprovalFragment, QueueInterventionFragment } from '../generated/graphql.ts';

export const urgencies = ['CRITICAL', 'HIGH', 'NORMAL', 'LOW'] as const;
export type Urgency = (typeof urgencies)[number];

export const types = [
  'DECISION',
  'FOLLOW_UP',
  'APPROVAL',
  'ESCALATION',
  'QUALITY_REVIEW',
  'ERROR_RESOLUTION',
  'RISK_ASSESSMENT',
  'COMPLIANCE_CHECK',
  'AGENT_CALL',
  'RESPONSE',
  'BUDGET_OVERRIDE',
  'RECOVERY_PLAN',
  'RECOVERY_STEP',
] as const;
export type ItemType = (typeof types)[number];

export const roles = ['AGENT', 'VIEWER', 'OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN'] as const;

export interface Item {
  id: string;
  kind: 'intervention' | 'approval';
  type: ItemType;
  urgency: Urgency;
  /** As the agent said it, cut to what a row can hold. */
  title: string;
  /** How the input of a call begins; '' for everything else. */
  input: string;
  agent: string;
  /** Null: of no team, but of a whole project. */
  teamId: string | null;
  projectId: string | null;
  sessionId: string | null;
  createdAt: string;
  expiresAt: string | null;
  requiredRole: string;
  escalationLevel: number;
  frozen: boolean;
  claimedBy: { id: string; name: string } | null;
  /** Whose approvals there are, of how many; interventions need one answer. */
  votes: readonly string[];
  requiredVotes: number;
}

const LONGEST_TITLE = 300;

const titleOf = (text: string): string =>
  text.length <= LONGEST_TITLE ? text : `${text.slice(0, LONGEST_TITLE)}…`;

export const itemOfIntervention = (found: QueueInterventionFragment): Item => ({
  id: found.id,
  kind: 'intervention',
  type: found.type,
  urgency: found.urgency,
  title: titleOf(found.message),
  input: '',
  agent: found.agentName,
  teamId: found.teamId,
  projectId: null,
  sessionId: found.sessionId,
  createdAt: found.createdAt,
  expiresAt: found.expiresAt,
  requiredRole: found.requiredRole,
  escalationLevel: found.escalationLevel ?? 0,
  frozen: found.frozen,
  claimedBy: found.claimedBy,
  votes: [],
  requiredVotes: 1,
});

const OF_RISK = { LOW: 'LOW', MEDIUM: 'NORMAL', HIGH: 'HIGH', CRITICAL: 'CRITICAL' } as const;

/** A call is as urgent as it is risky; what stands in the way of a whole project is HIGH. */
function urgencyOf(found: QueueApprovalFragment): Urgency {
  if ('riskAssessment' in found) return OF_RISK[found.riskAssessment.level];
  if ('riskFlags' in found) {
    const levels = found.riskFlags.map(({ level }) => OF_RISK[level]);
    return urgencies.find((urgency) => levels.includes(urgency)) ?? 'LOW';
  }
  return 'HIGH';
}

function agentOf(found: QueueApprovalFragment): string {
  if ('agentName' in found) return found.agentName;
  if ('agentCallApproval' in found) return found.agentCallApproval.agentName;
  return found.requestedBy.name;
}

export const itemOfApproval = (found: QueueApprovalFragment): Item => ({
  id: found.id,
  kind: 'approval',
  type: found.kind,
  urgency: urgencyOf(found),
  title: titleOf(found.summary),
  input: 'inputExcerpt' in found ? found.inputExcerpt : '',
  agent: agentOf(found),
  teamId: found.teamId,
  projectId: found.projectId,
  sessionId: found.sessionId,
  createdAt: found.createdAt,
  expiresAt: found.expiresAt,
  requiredRole: found.requiredRole,
  escalationLevel: 0,
  frozen: found.frozen,
  claimedBy: null,
  votes: found.decisions.filter(({ verdict }) => verdict === 'APPROVE').map(({ decidedBy }) => decidedBy.id),
  requiredVotes: found.requiredApprovals,
});
