import type { StopCondition } from '../generated/prisma/enums.ts';
import { causeWords } from './cause.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { ActionName, Plan, PlannedLimits, PlannedSession, PlannedTask } from './plan.ts';

// A plan as people read it, decide on it, and have it run: step by step.

export interface PlannedStep {
  /** Tells the steps of one plan apart, also after it was changed. */
  readonly key: string;
  readonly action: ActionName;
  readonly title: string;
  readonly description: string;
  readonly parameters: JsonObject;
}

/** Its steps, in the order in which they are taken. */
export function stepsOf(plan: Plan): PlannedStep[] {
  const requeued = plan.tasks.filter(({ fate }) => fate === 'REQUEUE');
  const abandoned = plan.tasks.filter(({ fate }) => fate === 'ABANDON');
  return [
    ...plan.conditions.map(verifyStep),
    ...(plan.conditions.includes('BUDGET_CRITICAL') || hasLimits(plan.limits)
      ? [limitsStep(plan.limits)]
      : []),
    ...(requeued.length > 0 ? [requeueStep(requeued)] : []),
    ...(abandoned.length > 0 ? [abandonStep(abandoned)] : []),
    ...(plan.sessions.length > 0 ? [sessionsStep(plan.sessions)] : []),
    {
      key: 'lift_stop',
      action: 'lift_stop',
      title: 'Lift the emergency stop',
      description:
        'Sessions go back to where they were, frozen items get their time back, what was abandoned is cancelled, and agents may act again.',
      parameters: {},
    },
  ];
}

export const hasLimits = (limits: PlannedLimits): boolean => Object.keys(limits).length > 0;

/** A step that has nothing to do where the plan stays as proposed: approving the plan skips it. */
export const isIdle = ({ action, parameters }: Pick<PlannedStep, 'action' | 'parameters'>): boolean =>
  action === 'set_limits' && !hasLimits(parameters['limits'] as PlannedLimits);

/** What must be done, whoever approves: nothing else makes sure that the danger is over, or that the stop ends. */
export const mayBeSkipped = ({ action, parameters }: Pick<PlannedStep, 'action' | 'parameters'>): boolean =>
  action !== 'lift_stop' && !(action === 'verify_cause' && parameters['condition'] === 'SECURITY_THREAT');

const verified: Record<StopCondition, string> = {
  BUDGET_CRITICAL: "The day's cost must be within 150 % of its limit.",
  ERROR_RATE_HIGH:
    'Look at the tasks that failed and at their errors, in the assessment; the count begins anew with the lift.',
  SECURITY_THREAT: 'No answer that was flagged CRITICAL may be left that could still be used.',
  RESOURCE_EXHAUSTION:
    'Make sure that there is room again: the last reported resource_usage stands in the assessment, and nothing has run since.',
  MANUAL_STOP: 'A person stopped the project: the reason for it must be gone.',
};

const verifyStep = (condition: StopCondition): PlannedStep => ({
  key: `verify_cause ${condition}`,
  action: 'verify_cause',
  title: `Verify that the cause is cleared: ${causeWords[condition]}`,
  description: verified[condition],
  parameters: { condition },
});

const limitWords: Record<keyof PlannedLimits, string> = {
  dailyTokens: 'tokens a day',
  monthlyTokens: 'tokens a month',
  dailyCost: 'dollars a day',
  monthlyCost: 'dollars a month',
};

const limitsStep = (limits: PlannedLimits): PlannedStep => ({
  key: 'set_limits',
  action: 'set_limits',
  title: hasLimits(limits) ? "Set the budget's limits" : "Leave the budget's limits as they are",
  description: hasLimits(limits)
    ? Object.entries(limits)
        .map(([line, limit]) => `${limitWords[line as keyof PlannedLimits]}: ${limit}`)
        .join(', ')
    : 'Approve the plan with modifications to restore or lower them; otherwise this step is skipped.',
  parameters: { limits: { ...limits } },
});

const shown = (tasks: readonly PlannedTask[]): JsonObject => ({
  tasks: tasks.map(({ id, sessionId, agentName, was, why }) => ({ id, sessionId, agentName, was, why })),
});

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const requeueStep = (tasks: readonly PlannedTask[]): PlannedStep => ({
  key: 'requeue_tasks',
  action: 'requeue_tasks',
  title: `Re-queue ${counted(tasks.length, 'halted task')}`,
  description: 'They go back to where they were when the stop lifts.',
  parameters: shown(tasks),
});

const abandonStep = (tasks: readonly PlannedTask[]): PlannedStep => ({
  key: 'abandon_tasks',
  action: 'abandon_tasks',
  title: `Abandon ${counted(tasks.length, 'halted task')}`,
  description: 'They are cancelled, with their open approvals, when the stop lifts.',
  parameters: shown(tasks),
});

function sessionsStep(sessions: readonly PlannedSession[]): PlannedStep {
  const abandoned = sessions.filter(({ fate }) => fate === 'ABANDON').length;
  const resumed = sessions.length - abandoned;
  return {
    key: 'resume_sessions',
    action: 'resume_sessions',
    title: `Resume ${counted(resumed, 'session')}${abandoned > 0 ? `, abandon ${abandoned}` : ''}`,
    description:
      'When the stop lifts they go back to where they were; abandoned ones are cancelled with all that is in them.',
    parameters: { sessions: sessions.map((session) => ({ ...session })) },
  };
}
