// A plan, and what its approver changes of it (behaviour 7.5). Pure.

export interface Step {
  id: string;
  action: string;
  title: string;
  parameters: unknown;
}

export type TaskFate = 'REQUEUE' | 'ABANDON';
export type SessionFate = 'RESUME' | 'ABANDON';

export interface PlannedTask {
  id: string;
  sessionId: string;
  agentName: string;
  was: string;
  why: string;
  fate: TaskFate;
}

export interface PlannedSession {
  id: string;
  was: string;
  fate: SessionFate;
}

export const limitNames = ['dailyCost', 'monthlyCost', 'dailyTokens', 'monthlyTokens'] as const;
export type LimitName = (typeof limitNames)[number];

export interface PlanChanges {
  skip: readonly string[];
  limits: Partial<Record<LimitName, string>>;
  tasks: Readonly<Record<string, TaskFate>>;
  sessions: Readonly<Record<string, SessionFate>>;
}

export const noChanges: PlanChanges = { skip: [], limits: {}, tasks: {}, sessions: {} };

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const listOf = <Item>(step: Step | undefined, name: string): Item[] => {
  const list = fields(step?.parameters)[name];
  return Array.isArray(list) ? (list as Item[]) : [];
};

export function tasksOf(steps: readonly Step[]): PlannedTask[] {
  const of = (action: string, fate: TaskFate) =>
    listOf<Omit<PlannedTask, 'fate'>>(
      steps.find((step) => step.action === action),
      'tasks',
    ).map((task) => ({ ...task, fate }));
  return [...of('requeue_tasks', 'REQUEUE'), ...of('abandon_tasks', 'ABANDON')];
}

export const sessionsOf = (steps: readonly Step[]): PlannedSession[] =>
  listOf<PlannedSession>(
    steps.find(({ action }) => action === 'resume_sessions'),
    'sessions',
  );

/** Neither the lift nor the check of a security threat can be left out. */
export const mayBeLeftOut = ({ action, parameters }: Step): boolean =>
  action !== 'lift_stop' &&
  !(action === 'verify_cause' && fields(parameters)['condition'] === 'SECURITY_THREAT');

/** As the API takes them; null where nothing is changed. What is not a number is sent as it is, and told of by the server. */
export function modificationsOf(
  steps: readonly Step[],
  changes: PlanChanges,
): Record<string, unknown> | null {
  const changed: Record<string, unknown> = {};
  if (changes.skip.length > 0) changed['skip'] = changes.skip;
  const limits = Object.entries(changes.limits).flatMap(([name, text]) => {
    const amount = text.trim();
    if (amount === '') return [];
    return [[name, name.endsWith('Tokens') && /^\d+$/.test(amount) ? Number(amount) : amount] as const];
  });
  if (limits.length > 0) changed['limits'] = Object.fromEntries(limits);
  const moved = <Fate extends string>(
    planned: readonly { id: string; fate: Fate }[],
    wanted: Readonly<Record<string, Fate>>,
  ) =>
    planned.flatMap(({ id, fate }) =>
      wanted[id] !== undefined && wanted[id] !== fate ? [[id, wanted[id]] as const] : [],
    );
  const tasks = moved(tasksOf(steps), changes.tasks);
  if (tasks.length > 0) changed['tasks'] = Object.fromEntries(tasks);
  const sessions = moved(sessionsOf(steps), changes.sessions);
  if (sessions.length > 0) changed['sessions'] = Object.fromEntries(sessions);
  return Object.keys(changed).length === 0 ? null : changed;
}
