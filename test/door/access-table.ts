import type { Role } from '../support/world.ts';

/** What an operation is about: something of the project that `$id` names. */
export type Subject =
  | 'project'
  | 'team'
  | 'session'
  | 'intervention'
  | 'answered'
  | 'task'
  | 'key'
  | 'person'
  | 'stopped'
  | 'recovery'
  | 'reservation'
  | 'approval'
  | 'approvedCall'
  | 'delivery'
  | 'slackUser'
  | 'heldCall'
  | 'standing';

const people = {
  VIEWER: ['VIEWER', 'OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN'],
  OPERATOR: ['OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN'],
  SUPERVISOR: ['SUPERVISOR', 'MANAGER', 'ADMIN'],
  MANAGER: ['MANAGER', 'ADMIN'],
  ADMIN: ['ADMIN'],
} as const satisfies Record<string, readonly Role[]>;
const agentAnd = (from: keyof typeof people): readonly Role[] => ['AGENT', ...people[from]];

export interface MutationRow {
  who: readonly Role[];
  /** Null: about nothing that is there already. */
  subject: Subject | null;
  document: string;
  /** Reaches beyond any one project: a key that is bound to one is refused (behaviour 2.5). */
  global?: true;
}

const about = (who: readonly Role[], subject: Subject, call: string): MutationRow => ({
  who,
  subject,
  document: `mutation($id: ID!) { result: ${call} { success message errors { code message path } } }`,
});

/** Behaviour 2.3 to 2.5 and 2.7, by hand. */
export const mutations: Record<string, MutationRow> = {
  createProject: {
    who: people.ADMIN,
    subject: null,
    global: true,
    document:
      'mutation { result: createProject(input: {name: "more"}) { success message errors { code message path } } }',
  },
  requestAgentCallApproval: about(
    agentAnd('OPERATOR'),
    'session',
    'requestAgentCallApproval(input: {sessionId: $id, agentName: "coder", proposedAction: "look", inputData: {}})',
  ),
  startAgentCall: about(agentAnd('OPERATOR'), 'approvedCall', 'startAgentCall(approvalId: $id)'),
  submitAgentResponse: about(
    agentAnd('OPERATOR'),
    'approvedCall',
    'submitAgentResponse(input: {agentCallApprovalId: $id, response: {found: "nothing"}, tokensUsed: 1, actualCost: "0.01"})',
  ),
  respondToApproval: about(
    people.OPERATOR,
    'approval',
    'respondToApproval(id: $id, response: {verdict: APPROVE})',
  ),
  createStandingApproval: about(
    people.OPERATOR,
    'heldCall',
    'createStandingApproval(input: {approvalId: $id, maximumUses: 1, maximumCost: "1", expiresAt: "2026-03-03T00:00:00Z"})',
  ),
  revokeStandingApproval: about(people.OPERATOR, 'standing', 'revokeStandingApproval(id: $id)'),
  cancelApproval: about(agentAnd('OPERATOR'), 'approval', 'cancelApproval(id: $id)'),
  requestBudgetOverride: about(
    agentAnd('OPERATOR'),
    'project',
    'requestBudgetOverride(input: {projectId: $id, limitType: COST_DAILY, requestedAmount: "1", justification: "more"})',
  ),

  redeliverNotification: about(people.SUPERVISOR, 'delivery', 'redeliverNotification(id: $id)'),
  createTeam: about(people.ADMIN, 'project', 'createTeam(input: {projectId: $id, name: "more"})'),
  updateSupervision: about(
    people.ADMIN,
    'team',
    'updateSupervision(teamId: $id, yaml: "human_supervision: {}")',
  ),
  createApiKey: about(
    people.ADMIN,
    'project',
    'createApiKey(input: {projectId: $id, name: "more", role: VIEWER})',
  ),
  revokeApiKey: about(people.ADMIN, 'key', 'revokeApiKey(id: $id)'),
  erasePerson: about(people.ADMIN, 'person', 'erasePerson(userId: $id)'),
  linkSlackUser: about(
    people.ADMIN,
    'key',
    'linkSlackUser(input: {apiKeyId: $id, slackTeamId: "T0123456789", slackUserId: "U0123456789"})',
  ),
  unlinkSlackUser: about(people.ADMIN, 'slackUser', 'unlinkSlackUser(id: $id)'),

  createSession: about(
    agentAnd('OPERATOR'),
    'team',
    'createSession(input: {teamId: $id, initialMessage: "go"})',
  ),
  requestIntervention: about(
    agentAnd('OPERATOR'),
    'session',
    'requestIntervention(input: {sessionId: $id, agentName: "coder", type: DECISION, message: "may I?"})',
  ),
  cancelIntervention: about(agentAnd('OPERATOR'), 'intervention', 'cancelIntervention(id: $id)'),
  reportExecutionEvent: about(
    agentAnd('OPERATOR'),
    'session',
    'reportExecutionEvent(input: {sessionId: $id, agentName: "coder", type: "tool_call"})',
  ),
  appendConversationTurn: about(
    agentAnd('OPERATOR'),
    'session',
    'appendConversationTurn(sessionId: $id, turn: {agentName: "coder", input: "a", response: "b"})',
  ),
  acknowledgeResponse: about(agentAnd('OPERATOR'), 'answered', 'acknowledgeResponse(interventionId: $id)'),
  completeSession: about(agentAnd('OPERATOR'), 'session', 'completeSession(sessionId: $id)'),
  failSession: about(agentAnd('OPERATOR'), 'session', 'failSession(sessionId: $id, reason: "broken")'),
  cancelSession: about(agentAnd('OPERATOR'), 'session', 'cancelSession(sessionId: $id)'),
  createTask: about(
    agentAnd('OPERATOR'),
    'session',
    'createTask(input: {sessionId: $id, agentName: "coder", instructions: "do"})',
  ),
  finishTask: about(agentAnd('OPERATOR'), 'task', 'finishTask(taskId: $id, status: COMPLETED)'),
  triggerEmergencyStop: about(
    agentAnd('OPERATOR'),
    'project',
    'triggerEmergencyStop(projectId: $id, reason: "smoke")',
  ),

  resolveIntervention: about(
    people.OPERATOR,
    'intervention',
    'resolveIntervention(id: $id, resolution: {resolutionType: APPROVE})',
  ),
  selectInterventionOption: about(
    people.OPERATOR,
    'intervention',
    'selectInterventionOption(id: $id, optionId: "a")',
  ),
  provideCustomResponse: about(
    people.OPERATOR,
    'intervention',
    'provideCustomResponse(id: $id, responseText: "yes", responseType: "approve")',
  ),
  escalateIntervention: about(
    people.OPERATOR,
    'intervention',
    'escalateIntervention(id: $id, escalation: {reason: "hm"})',
  ),
  claimIntervention: about(people.OPERATOR, 'intervention', 'claimIntervention(id: $id)'),
  releaseIntervention: about(people.OPERATOR, 'intervention', 'releaseIntervention(id: $id)'),

  initiateRecovery: about(
    people.MANAGER,
    'stopped',
    'initiateRecovery(projectId: $id, recoveryType: GUIDED)',
  ),
  // The step whose turn it is stands in $step.
  executeRecoveryStep: {
    who: people.MANAGER,
    subject: 'recovery',
    document:
      'mutation($id: ID!, $step: ID!) { result: executeRecoveryStep(recoverySessionId: $id, stepId: $step) { success message errors { code message path } } }',
  },
  cancelRecovery: about(people.MANAGER, 'recovery', 'cancelRecovery(recoverySessionId: $id)'),
  setBudgetLimits: about(
    people.MANAGER,
    'project',
    'setBudgetLimits(projectId: $id, limits: {dailyTokens: 100000})',
  ),
  reserveBudget: about(
    agentAnd('OPERATOR'),
    'project',
    'reserveBudget(input: {projectId: $id, tokens: 1, cost: "0.0001"})',
  ),
  commitBudget: about(
    agentAnd('OPERATOR'),
    'reservation',
    'commitBudget(reservationId: $id, tokens: 1, cost: "0.0001")',
  ),
  releaseBudget: about(agentAnd('OPERATOR'), 'reservation', 'releaseBudget(reservationId: $id)'),
};

/** `resumeSession` answers the current intervention of a session that waits: its subject is that session. */
export const resumeSession: MutationRow = {
  who: people.OPERATOR,
  subject: 'intervention',
  document:
    'mutation($id: ID!) { result: resumeSession(sessionId: $id, humanResponse: {responseType: "approve", content: "yes"}) { success message errors { code message path } } }',
};

export interface QueryRow {
  subject: Subject | null;
  document: string;
  /** Who may ask at all, everyone unless said otherwise; the rest are FORBIDDEN (behaviour 2.3, 2.4, 2.7). */
  who?: readonly Role[];
  /** What is answered about something that does not exist for the viewer. */
  missing: 'null' | 'empty' | 'NOT_FOUND' | 'never';
}

const read = (subject: Subject, missing: QueryRow['missing'], call: string): QueryRow => ({
  subject,
  missing,
  document: `query($id: ID!) { result: ${call} }`,
});

export const queries: Record<string, QueryRow> = {
  node: read('session', 'null', 'node(id: $id) { id }'),
  viewer: { subject: null, missing: 'never', document: '{ result: viewer { actor { id } } }' },
  project: read('project', 'null', 'project(id: $id) { id }'),
  projects: { subject: null, missing: 'never', document: '{ result: projects { id } }' },
  team: read('team', 'null', 'team(id: $id) { id }'),
  agentInstructions: read('team', 'NOT_FOUND', 'agentInstructions(teamId: $id, agentName: "coder")'),
  supervisionVersions: read(
    'team',
    'NOT_FOUND',
    'supervisionVersions(teamId: $id) { nodes { version } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
  ),
  checkSupervision: {
    ...read('team', 'NOT_FOUND', 'checkSupervision(teamId: $id, yaml: "a: 1") { faults { message } }'),
    who: people.ADMIN,
  },
  simulateSupervision: {
    ...read('team', 'NOT_FOUND', 'simulateSupervision(teamId: $id, yaml: "", event: {}) { answer }'),
    who: people.ADMIN,
  },
  intervention: read('intervention', 'null', 'intervention(id: $id) { id }'),
  interventions: read(
    'team',
    'empty',
    'interventions(filter: {teamId: $id}) { nodes { id } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
  ),
  teamInterventions: read('team', 'empty', 'teamInterventions(teamId: $id) { id }'),
  sessionInterventions: read('session', 'empty', 'sessionInterventions(sessionId: $id) { id }'),
  interventionStats: read('team', 'NOT_FOUND', 'interventionStats(teamId: $id) { total }'),
  approval: read('approval', 'null', 'approval(id: $id) { id }'),
  approvals: read(
    'session',
    'empty',
    'approvals(filter: {sessionId: $id}) { nodes { id } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
  ),
  standingApproval: read('standing', 'null', 'standingApproval(id: $id) { id }'),
  standingApprovals: read(
    'project',
    'empty',
    'standingApprovals(projectId: $id) { nodes { id } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
  ),
  standingApprovalSimulation: {
    ...read(
      'approval',
      'NOT_FOUND',
      'standingApprovalSimulation(input: {approvalId: $id, maximumCost: "1"}) { count complete calls { id } }',
    ),
    who: people.OPERATOR,
  },
  decisionStats: {
    ...read(
      'project',
      'NOT_FOUND',
      'decisionStats(projectId: $id, timeRange: {from: "2026-03-01T00:00:00Z", to: "2026-03-03T00:00:00Z"}) { asked byPerson { name } }',
    ),
    who: people.VIEWER,
  },
  events: read(
    'session',
    'empty',
    'events(filter: {sessionId: $id}) { nodes { id } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
  ),
  notificationDeliveries: {
    ...read(
      'team',
      'empty',
      'notificationDeliveries(filter: {teamId: $id}) { nodes { id } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
    ),
    who: people.OPERATOR,
  },
  workstationLook: { subject: null, missing: 'never', document: '{ result: workstationLook { theme } }' },
  personalData: {
    ...read('person', 'NOT_FOUND', 'personalData(userId: $id) { records { kind value } next }'),
    who: people.ADMIN,
  },
  apiKeys: {
    ...read(
      'project',
      'empty',
      'apiKeys(projectId: $id) { nodes { id } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
    ),
    who: people.ADMIN,
  },
  users: {
    ...read(
      'project',
      'empty',
      'users(projectId: $id) { nodes { id } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
    ),
    who: people.ADMIN,
  },
  slackUsers: {
    ...read(
      'project',
      'empty',
      'slackUsers(projectId: $id) { nodes { id } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
    ),
    who: people.ADMIN,
  },
  recoverySession: read('recovery', 'null', 'recoverySession(id: $id) { id steps { id } }'),
  budget: read('project', 'null', 'budget(projectId: $id) { id }'),
  checkBudget: read(
    'project',
    'NOT_FOUND',
    'checkBudget(projectId: $id, estimatedTokens: 1, estimatedCost: 1) { allowed }',
  ),
  emergencyStatus: read('project', 'NOT_FOUND', 'emergencyStatus(projectId: $id) { projectId stopped }'),
  emergencyStops: read(
    'project',
    'NOT_FOUND',
    'emergencyStops(projectId: $id) { nodes { id } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
  ),
  session: read('session', 'null', 'session(id: $id) { id }'),
  sessions: read(
    'team',
    'empty',
    'sessions(teamId: $id) { nodes { id } edges { cursor } totalCount pageInfo { startCursor hasNextPage } }',
  ),
};

/** Everyone who may read may follow; what does not exist for the viewer is NOT_FOUND, or never told of. */
export const subscriptions: Record<
  string,
  {
    subject: Subject;
    document: string;
    open: string;
    silent?: true;
    /** What it tells of, where that is the project's: by what it is made to happen. */
    of?: 'stop' | 'reservation' | 'approval';
  }
> = {
  events: {
    subject: 'session',
    document: 'subscription($id: ID!) { events(filter: {sessionId: $id}) { id } }',
    open: 'subscription { events(filter: {types: ["intervention_requested"]}) { id teamId subject { id } } }',
    silent: true,
  },
  interventionUpdates: {
    subject: 'team',
    document: 'subscription($id: ID!) { interventionUpdates(teamId: $id) { id } }',
    open: 'subscription { interventionUpdates { id teamId } }',
  },
  sessionUpdates: {
    subject: 'session',
    document: 'subscription($id: ID!) { sessionUpdates(sessionId: $id) { id } }',
    open: 'subscription { sessionUpdates { id teamId } }',
  },
  approvalUpdates: {
    subject: 'project',
    document: 'subscription($id: ID!) { approvalUpdates(projectId: $id) { id } }',
    open: 'subscription { approvalUpdates { id projectId } }',
    of: 'approval',
  },
  emergencyStopUpdates: {
    subject: 'project',
    document: 'subscription($id: ID!) { emergencyStopUpdates(projectId: $id) { id } }',
    open: 'subscription { emergencyStopUpdates { id projectId } }',
    of: 'stop',
  },
  teamStatusUpdates: {
    subject: 'team',
    document: 'subscription($id: ID!) { teamStatusUpdates(teamId: $id) { teamId } }',
    open: 'subscription { teamStatusUpdates { teamId } }',
  },
  budgetUpdates: {
    subject: 'project',
    document: 'subscription($id: ID!) { budgetUpdates(projectId: $id) { id } }',
    open: 'subscription { budgetUpdates { projectId } }',
    of: 'reservation',
  },
};
