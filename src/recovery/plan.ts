import type { StopCondition } from '../generated/prisma/enums.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Foreseen } from './cause.ts';
import type { HaltedSession, HaltedTask } from './halted.ts';

// The steps of a recovery, made out of what the stop left behind (behaviour 7.5). Pure: the same read gives the same plan.
//
//   verify_cause (one a condition) ─▶ set_limits (a stop over money) ─▶ requeue_tasks ─▶ abandon_tasks ─▶
//   resume_sessions ─▶ lift_stop (always there, always last)
//
// What becomes of each task and session stands in the parameters, by name. Unless the approver says otherwise:
//   a task whose call had started and whose answer never came is abandoned: whether it had an effect is not known, and
//   running it again could do the same thing twice; one with an answer flagged CRITICAL is abandoned with that answer;
//   every other task is re-queued, and every session comes back.

/** What a step does; each has its file in actions/. */
export const actionNames = [
  'verify_cause',
  'set_limits',
  'requeue_tasks',
  'abandon_tasks',
  'resume_sessions',
  'lift_stop',
] as const;
export type ActionName = (typeof actionNames)[number];

export type TaskFate = 'REQUEUE' | 'ABANDON';
export type SessionFate = 'RESUME' | 'ABANDON';

export interface PlannedTask {
  readonly id: string;
  readonly sessionId: string;
  readonly agentName: string;
  readonly was: string;
  readonly fate: TaskFate;
  readonly why: string;
}

export interface PlannedSession {
  readonly id: string;
  readonly was: string;
  readonly fate: SessionFate;
}

/** The limits to set; what is not named stays. Money as decimals with at most four places. */
export interface PlannedLimits {
  readonly dailyTokens?: number;
  readonly monthlyTokens?: number;
  readonly dailyCost?: string;
  readonly monthlyCost?: string;
}

export interface Plan {
  readonly conditions: readonly StopCondition[];
  readonly limits: PlannedLimits;
  readonly tasks: readonly PlannedTask[];
  readonly sessions: readonly PlannedSession[];
}

export interface PlannedStep {
  /** Tells the steps of one plan apart, also after it was changed. */
  readonly key: string;
  readonly action: ActionName;
  readonly title: string;
  readonly description: string;
  readonly parameters: JsonObject;
}

/** The plan that is proposed. */
export function planFor(
  conditions: readonly StopCondition[],
  sessions: readonly HaltedSession[],
  tasks: readonly HaltedTask[],
): Plan {
  return {
    conditions,
    limits: {},
    sessions: sessions.map(({ id, was }) => ({ id, was, fate: 'RESUME' })),
    tasks: tasks.map((task) => ({
      id: task.id,
      sessionId: task.sessionId,
      agentName: task.agentName,
      was: task.was,
      ...defaultFate(task),
    })),
  };
}

function defaultFate({ started, flagged }: HaltedTask): Pick<PlannedTask, 'fate' | 'why'> {
  if (flagged) return { fate: 'ABANDON', why: 'its answer was flagged CRITICAL' };
  if (started) return { fate: 'ABANDON', why: 'its call had started, and what became of it is not known' };
  return { fate: 'REQUEUE', why: 'nothing of it was under way' };
}

/** Its steps, in the order in which they are taken. */
export function stepsOf(plan: Plan): PlannedStep[] {
  const requeued = plan.tasks.filter(({ fate }) => fate === 'REQUEUE');
  const abandoned = plan.tasks.filter(({ fate }) => fate === 'ABANDON');
  return [
    ...plan.conditions.map(verifyStep),
    ...(plan.conditions.includes('BUDGET_CRITICAL') || hasLimits(plan.limits) ? [limitsStep(plan.limits)] : []),
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
  ERROR_RATE_HIGH: 'Look at the tasks that failed and at their errors, in the assessment; the count begins anew with the lift.',
  SECURITY_THREAT: 'No answer that was flagged CRITICAL may be left that could still be used.',
  RESOURCE_EXHAUSTION:
    'Make sure that there is room again: the last reported resource_usage stands in the assessment, and nothing has run since.',
  MANUAL_STOP: 'A person stopped the project: the reason for it must be gone.',
};

const verifyStep = (condition: StopCondition): PlannedStep => ({
  key: `verify_cause ${condition}`,
  action: 'verify_cause',
  title: `Verify that the cause is cleared: ${condition}`,
  description: verified[condition],
  parameters: { condition },
});

const limitsStep = (limits: PlannedLimits): PlannedStep => ({
  key: 'set_limits',
  action: 'set_limits',
  title: hasLimits(limits) ? "Set the budget's limits" : "Leave the budget's limits as they are",
  description: hasLimits(limits)
    ? Object.entries(limits)
        .map(([line, limit]) => `${line} ${limit}`)
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
    description: 'When the stop lifts they go back to where they were; abandoned ones are cancelled with all that is in them.',
    parameters: { sessions: sessions.map((session) => ({ ...session })) },
  };
}

interface StoredStep {
  readonly action: string;
  readonly parameters: unknown;
}

/** The plan that these steps are the steps of: what an approver's changes are applied to. */
export function planOf(steps: readonly StoredStep[]): Plan {
  const of = (action: ActionName) => steps.filter((step) => step.action === action);
  const tasks = (action: 'requeue_tasks' | 'abandon_tasks', fate: TaskFate): PlannedTask[] =>
    of(action).flatMap(({ parameters }) =>
      (parameters as { tasks: Omit<PlannedTask, 'fate'>[] }).tasks.map((task) => ({ ...task, fate })),
    );
  return {
    conditions: of('verify_cause').map(
      ({ parameters }) => (parameters as { condition: StopCondition }).condition,
    ),
    limits: Object.assign(
      {},
      ...of('set_limits').map(({ parameters }) => (parameters as { limits: PlannedLimits }).limits),
    ) as PlannedLimits,
    tasks: [...tasks('requeue_tasks', 'REQUEUE'), ...tasks('abandon_tasks', 'ABANDON')],
    sessions: of('resume_sessions').flatMap(
      ({ parameters }) => (parameters as { sessions: PlannedSession[] }).sessions,
    ),
  };
}

/** What the steps that are not skipped will have done when the stop lifts. */
export function foreseen(
  steps: readonly (StoredStep & { status: string })[],
  toUnits: (decimal: string) => bigint,
): Foreseen {
  const plan = planOf(steps.filter(({ status }) => status !== 'SKIPPED'));
  const abandoned = <Item extends { id: string; fate: string }>(items: readonly Item[]) =>
    new Set(items.filter(({ fate }) => fate === 'ABANDON').map(({ id }) => id));
  return {
    dailyCost: plan.limits.dailyCost === undefined ? null : toUnits(plan.limits.dailyCost),
    abandonedTasks: abandoned(plan.tasks),
    abandonedSessions: abandoned(plan.sessions),
  };
}
