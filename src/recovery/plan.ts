import type { StopCondition } from '../generated/prisma/enums.ts';
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
