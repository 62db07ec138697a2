import { z } from 'zod';
import { MOST_TOKENS } from '../budgets/limits.ts';
import type { UserError } from '../kernel/errors.ts';
import { type ActionName, type Plan, planOf } from './plan.ts';
import { mayBeSkipped, type PlannedStep, stepsOf } from './planned-steps.ts';
import { type JsonObject, plainObject } from '../kernel/json.ts';

// What a plan's approver may change (behaviour 7.5): which steps are left out, the limits, what becomes of each task and
// session. Not the order, and neither the check of a security threat nor the lift may be left out.

const tokens = z
  .int(`must be a whole number of tokens, 0 to ${MOST_TOKENS}`)
  .min(0, `must be a whole number of tokens, 0 to ${MOST_TOKENS}`);
const DOLLARS = 'must be an amount of dollars: at least 0, at most twelve digits and four decimal places';
const dollars = z
  .union([z.string(), z.number()], DOLLARS)
  .transform(String)
  .refine((text) => /^\d{1,12}(\.\d{1,4})?$/.test(text), DOLLARS);

const Modifications = z.strictObject(
  {
    skip: z.array(z.string("must be a step's id"), "must be a list of steps' ids").optional(),
    limits: z
      .strictObject(
        {
          dailyTokens: tokens.optional(),
          monthlyTokens: tokens.optional(),
          dailyCost: dollars.optional(),
          monthlyCost: dollars.optional(),
        },
        'must be an object of limits by name',
      )
      .optional(),
    tasks: z
      .record(z.string(), z.enum(['REQUEUE', 'ABANDON'], 'must be REQUEUE or ABANDON'), {
        error: 'must be an object of what becomes of tasks, by their ids',
      })
      .optional(),
    sessions: z
      .record(z.string(), z.enum(['RESUME', 'ABANDON'], 'must be RESUME or ABANDON'), {
        error: 'must be an object of what becomes of sessions, by their ids',
      })
      .optional(),
  },
  'must be an object that may hold skip, limits, tasks and sessions',
);
type Modifications = z.output<typeof Modifications>;

/** A step as it is stored, as far as changing the plan needs it. */
export interface Step {
  readonly id: string;
  readonly action: string;
  readonly parameters: unknown;
}

/** A step of the plan as changed; `id` where the plan had it before. */
export interface ChangedStep extends PlannedStep {
  readonly id: string | null;
  readonly skipped: boolean;
}

export type Changed = { ok: true; steps: ChangedStep[] } | { ok: false; errors: UserError[] };

/** A fault of what stands at `path` within the modifications, which are a part of respondToApproval's `response`. */
export const modificationFault = (path: readonly PropertyKey[], message: string): UserError => ({
  code: 'INVALID_INPUT',
  message: `${['modifications', ...path].join('.')}: ${message}`,
  path: ['response', 'modifications', ...path.map(String)],
});
const fault = modificationFault;

/** Pure: the plan with the approver's changes, or every fault of them. */
export function changePlan(steps: readonly Step[], modifications: unknown): Changed {
  const parsed = Modifications.safeParse(modifications);
  const plan = planOf(steps);
  const errors = [
    ...(parsed.error?.issues ?? []).flatMap(formFaults),
    ...faultsOf(steps, plan, namedIn(modifications)),
  ];
  if (!parsed.success || errors.length > 0) return { ok: false, errors };
  const skipped = new Set(parsed.data.skip);
  const ids = new Map(steps.map((step) => [keyOf(step), step.id]));
  const changed = stepsOf(withFates(plan, parsed.data)).map((step): ChangedStep => {
    const id = ids.get(step.key) ?? null;
    return { ...step, id, skipped: id !== null && skipped.has(id) };
  });
  return { ok: true, steps: changed };
}

const keyOf = ({ action, parameters }: Step): string =>
  (action as ActionName) === 'verify_cause'
    ? `verify_cause ${(parameters as { condition: string }).condition}`
    : action;

function formFaults(issue: z.core.$ZodIssue): UserError[] {
  return issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => fault([...issue.path, key], 'there is nothing of this name to change'))
    : [fault(issue.path, issue.message)];
}

/** What modifications name, whatever the form of the rest: so that a fault of form hides no other (behaviour 7.5). */
interface Named {
  skip: unknown[];
  limits: unknown;
  tasks: Record<string, unknown>;
  sessions: Record<string, unknown>;
}

function namedIn(modifications: unknown): Named {
  const { skip, limits, tasks, sessions } = plainObject(modifications);
  return {
    skip: Array.isArray(skip) ? skip : [],
    limits,
    tasks: plainObject(tasks),
    sessions: plainObject(sessions),
  };
}

function faultsOf(steps: readonly Step[], plan: Plan, { skip, limits, tasks, sessions }: Named): UserError[] {
  const leftOut = new Set(steps.filter(({ id }) => skip.includes(id)).map(({ action }) => action));
  const fate = new Map(plan.sessions.map(({ id, fate: planned }) => [id, sessions[id] ?? planned]));
  return [
    ...skip.flatMap((id, at) => {
      if (typeof id !== 'string') return [];
      const step = steps.find((each) => each.id === id);
      if (step === undefined) return [fault(['skip', at], `the plan has no step ${id}`)];
      const known = { action: step.action as ActionName, parameters: step.parameters as JsonObject };
      return mayBeSkipped(known) ? [] : [fault(['skip', at], `${step.action} may not be left out`)];
    }),
    ...(limits !== undefined && leftOut.has('set_limits')
      ? [fault(['limits'], 'the step that sets them is left out')]
      : []),
    ...Object.entries(sessions).flatMap(([id, wanted]) => {
      if (!fate.has(id)) return [fault(['sessions', id], 'the stop has not halted this session')];
      return wanted === 'ABANDON' && leftOut.has('resume_sessions')
        ? [fault(['sessions', id], 'the step that abandons it is left out')]
        : [];
    }),
    ...Object.entries(tasks).flatMap(([id, wanted]) => {
      const task = plan.tasks.find((each) => each.id === id);
      if (task === undefined) return [fault(['tasks', id], 'the stop has not halted this task')];
      if (wanted === 'REQUEUE' && fate.get(task.sessionId) === 'ABANDON')
        return [fault(['tasks', id], `its session ${task.sessionId} is abandoned`)];
      return wanted === 'ABANDON' && leftOut.has('abandon_tasks')
        ? [fault(['tasks', id], 'the step that abandons it is left out')]
        : [];
    }),
  ];
}

function withFates(plan: Plan, { limits, tasks = {}, sessions = {} }: Modifications): Plan {
  const planned = plan.sessions.map((session) => ({
    ...session,
    fate: sessions[session.id] ?? session.fate,
  }));
  const abandoned = new Set(planned.filter(({ fate }) => fate === 'ABANDON').map(({ id }) => id));
  return {
    ...plan,
    limits: limits === undefined ? plan.limits : withoutAbsent(limits),
    sessions: planned,
    tasks: plan.tasks.map((task) => {
      if (abandoned.has(task.sessionId)) return { ...task, fate: 'ABANDON', why: 'its session is abandoned' };
      const fate = tasks[task.id];
      return fate === undefined || fate === task.fate
        ? task
        : { ...task, fate, why: "as the plan's approver decided" };
    }),
  };
}

const withoutAbsent = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
