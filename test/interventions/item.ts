import type { Intervention, Session } from '../../src/generated/prisma/client.ts';
import { openWindow } from '../../src/interventions/deadlines.ts';
import { defaultTerms, type EscalationLevel, type Terms } from '../../src/interventions/terms.ts';

export const START = new Date('2026-03-02T09:00:00.000Z');
export const at = (seconds: number): Date => new Date(START.getTime() + seconds * 1000);

/** An intervention as it stands when it was asked at START, for rules that need no database. */
export function item(more: Partial<Intervention> = {}): Intervention {
  const timeout = more.timeout ?? defaultTerms.timeout;
  return {
    id: 'intervention_1',
    projectId: 'project_1',
    teamId: 'team_1',
    sessionId: 'session_1',
    agentName: 'ada',
    type: 'DECISION',
    urgency: 'NORMAL',
    message: 'may I?',
    context: {},
    options: [],
    responseSchema: null,
    trigger: null,
    asyncMode: false,
    autoContinue: false,
    timeout,
    terms: defaultTerms.terms as never,
    createdAt: START,
    askedBy: { kind: 'AGENT', id: 'key_1', name: 'agents', role: 'AGENT' },
    status: 'PENDING',
    resolution: null,
    escalationLevel: 0,
    escalations: [],
    requiredRole: 'OPERATOR',
    claimedBy: null,
    ...openWindow(START, timeout, (more.terms ?? defaultTerms.terms) as unknown as Terms),
    frozenAt: null,
    frozenMs: 0,
    resolvedAt: null,
    resolvedById: null,
    response: null,
    receipt: null,
    delivery: 'UNANSWERED',
    acknowledgedAt: null,
    open: true,
    ...more,
  };
}

export const terms = (
  levels: EscalationLevel[],
  { automatic = true, after = null as number | null, ...rhythm }: Partial<Terms['escalation']> = {},
): never => ({ v: 1, escalation: { automatic, after, levels, ...rhythm } }) satisfies Terms as never;

export const aSession = (more: Partial<Session> = {}): Session => ({
  id: 'session_1',
  projectId: 'project_1',
  teamId: 'team_1',
  runner: 'external',
  status: 'WAITING_FOR_HUMAN',
  haltedFrom: null,
  version: 1,
  initialMessage: '',
  context: {},
  result: null,
  failureReason: null,
  interventionCount: 1,
  currentInterventionId: 'intervention_1',
  lastInterventionAt: START,
  unanswered: false,
  answeredAsync: false,
  runnerState: null,
  driveEpoch: 0,
  staleAt: at(86_400),
  createdAt: START,
  lastActivity: START,
  startedById: null,
  endedById: null,
  ...more,
});
