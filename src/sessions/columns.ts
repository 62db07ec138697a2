import type {
  Agent,
  Approval,
  ApprovalVote,
  ConversationTurn,
  IdempotencyKey,
  Intervention,
  Session,
  Task,
} from '../generated/prisma/client.ts';

/**
 * The columns of the rows that one change writes: field → SQL type. One table for what is read, what is sent as a
 * record set and what is inserted, so that the three cannot drift apart; tsc holds it against the Prisma models.
 */
type Columns<Row> = { readonly [Field in keyof Required<Row>]: string };

export const sessionColumns: Columns<Session> = {
  id: 'text',
  projectId: 'text',
  teamId: 'text',
  runner: 'text',
  status: 'session_status',
  haltedFrom: 'session_status',
  version: 'int',
  initialMessage: 'text',
  context: 'jsonb',
  result: 'jsonb',
  failureReason: 'text',
  interventionCount: 'int',
  currentInterventionId: 'text',
  lastInterventionAt: 'timestamptz',
  unanswered: 'boolean',
  answeredAsync: 'boolean',
  runnerState: 'jsonb',
  driveEpoch: 'int',
  staleAt: 'timestamptz',
  createdAt: 'timestamptz',
  lastActivity: 'timestamptz',
  startedById: 'text',
  endedById: 'text',
};

/** What a change of an existing session may move. `context` is sent only where it changed: null leaves it. */
export const sessionMoves = [
  'status',
  'haltedFrom',
  'result',
  'failureReason',
  'interventionCount',
  'currentInterventionId',
  'lastInterventionAt',
  'unanswered',
  'answeredAsync',
  'runnerState',
  'staleAt',
  'lastActivity',
  'endedById',
] as const satisfies (keyof Session)[];

export const interventionColumns: Columns<Intervention> = {
  id: 'text',
  projectId: 'text',
  teamId: 'text',
  sessionId: 'text',
  agentName: 'text',
  type: 'intervention_type',
  urgency: 'intervention_urgency',
  message: 'text',
  context: 'jsonb',
  options: 'jsonb',
  responseSchema: 'jsonb',
  trigger: 'text',
  asyncMode: 'boolean',
  autoContinue: 'boolean',
  timeout: 'int',
  terms: 'jsonb',
  createdAt: 'timestamptz',
  askedBy: 'jsonb',
  status: 'intervention_status',
  resolution: 'intervention_resolution',
  escalationLevel: 'int',
  escalations: 'jsonb',
  requiredRole: 'role',
  claimedBy: 'jsonb',
  expiresAt: 'timestamptz',
  dueAt: 'timestamptz',
  windowEnded: 'boolean',
  reminded: 'int',
  frozenAt: 'timestamptz',
  frozenMs: 'float8',
  resolvedAt: 'timestamptz',
  resolvedById: 'text',
  response: 'jsonb',
  receipt: 'jsonb',
  delivery: 'delivery_status',
  acknowledgedAt: 'timestamptz',
  open: 'boolean',
};

/** What may change after it was asked; everything else was fixed then (behaviour 4.14). */
export const interventionMoves = [
  'status',
  'resolution',
  'escalationLevel',
  'escalations',
  'requiredRole',
  'claimedBy',
  'expiresAt',
  'dueAt',
  'windowEnded',
  'reminded',
  'frozenAt',
  'frozenMs',
  'resolvedAt',
  'resolvedById',
  'response',
  'receipt',
  'delivery',
  'acknowledgedAt',
  'open',
] as const satisfies (keyof Intervention)[];

export const turnColumns: Columns<ConversationTurn> = {
  id: 'text',
  sessionId: 'text',
  agentName: 'text',
  input: 'text',
  response: 'text',
  timestamp: 'timestamptz',
  saidById: 'text',
};

export const taskColumns: Columns<Task> = {
  id: 'text',
  sessionId: 'text',
  projectId: 'text',
  agentName: 'text',
  agentType: 'agent_type',
  instructions: 'text',
  status: 'task_status',
  haltedFrom: 'task_status',
  madeForCall: 'boolean',
  result: 'jsonb',
  createdAt: 'timestamptz',
  updatedAt: 'timestamptz',
  finishedAt: 'timestamptz',
  givenById: 'text',
  finishedById: 'text',
};

/** What may change of a task. */
export const taskMoves = [
  'status',
  'haltedFrom',
  'result',
  'updatedAt',
  'finishedAt',
  'finishedById',
] as const satisfies (keyof Task)[];

export const approvalColumns: Columns<Approval> = {
  id: 'text',
  projectId: 'text',
  teamId: 'text',
  sessionId: 'text',
  taskId: 'text',
  kind: 'approval_kind',
  status: 'approval_status',
  version: 'int',
  summary: 'text',
  requestedBy: 'jsonb',
  requiredRole: 'role',
  requiredApprovals: 'int',
  quorum: 'jsonb',
  riskLevel: 'risk_level',
  proposal: 'jsonb',
  assessment: 'jsonb',
  digest: 'text',
  round: 'int',
  approvedInput: 'jsonb',
  permit: 'text',
  reservationId: 'text',
  callId: 'text',
  recoveryId: 'text',
  stepId: 'text',
  rejectionReason: 'text',
  modifications: 'jsonb',
  createdAt: 'timestamptz',
  respondedAt: 'timestamptz',
  expiresAt: 'timestamptz',
  dueAt: 'timestamptz',
  warned: 'boolean',
  startedAt: 'timestamptz',
  settledAt: 'timestamptz',
  frozenAt: 'timestamptz',
  frozenMs: 'float8',
  open: 'boolean',
  delivery: 'delivery_status',
  standingId: 'text',
  settledById: 'text',
};

/** What may change after it was asked (behaviour 4.14, 5.4). `version` is raised by the statement that writes. */
export const approvalMoves = [
  'status',
  'requiredRole',
  'requiredApprovals',
  'riskLevel',
  'assessment',
  'digest',
  'round',
  'approvedInput',
  'permit',
  'reservationId',
  'rejectionReason',
  'modifications',
  'respondedAt',
  'expiresAt',
  'dueAt',
  'warned',
  'startedAt',
  'settledAt',
  'frozenAt',
  'frozenMs',
  'open',
  'delivery',
  'settledById',
] as const satisfies (keyof Approval)[];

export const voteColumns: Columns<ApprovalVote> = {
  approvalId: 'text',
  round: 'int',
  actorId: 'text',
  verdict: 'approval_verdict',
  actor: 'jsonb',
  reason: 'text',
  digest: 'text',
  fingerprint: 'text',
  decidedAt: 'timestamptz',
};

export const signalColumns = {
  projectId: 'text',
  condition: 'stop_condition',
  severity: 'severity',
  reason: 'text',
  actor: 'jsonb',
  createdAt: 'timestamptz',
};

export const agentColumns: Columns<Agent> = {
  id: 'text',
  teamId: 'text',
  name: 'text',
  type: 'agent_type',
  lastActivity: 'timestamptz',
  lastSessionId: 'text',
};

export const eventColumns = {
  id: 'text',
  type: 'text',
  projectId: 'text',
  teamId: 'text',
  sessionId: 'text',
  subjectId: 'text',
  actor: 'jsonb',
  data: 'jsonb',
  salt: 'text',
  contentDigest: 'text',
  digest: 'text',
  occurredAt: 'timestamptz',
};

export const idempotencyColumns: Columns<IdempotencyKey> = {
  credentialId: 'text',
  mutation: 'text',
  key: 'text',
  fingerprint: 'text',
  reply: 'jsonb',
  expiresAt: 'timestamptz',
};

/** camelCase in the code, snake_case in the database: one rule, the one that the Prisma schema's @map follows. */
export const snake = (field: string): string =>
  field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
