import type {
  Agent,
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
};

/** What a change of an existing session may move. `context` is sent only where it changed: null leaves it. */
export const sessionMoves = [
  'status',
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
};

export const taskColumns: Columns<Task> = {
  id: 'text',
  sessionId: 'text',
  agentName: 'text',
  agentType: 'agent_type',
  instructions: 'text',
  status: 'task_status',
  result: 'jsonb',
  createdAt: 'timestamptz',
  updatedAt: 'timestamptz',
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
