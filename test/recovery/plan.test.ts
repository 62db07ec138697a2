import { describe, expect, it } from 'vitest';
import { changePlan } from '../../src/recovery/modifications.ts';
import { planFor, planOf } from '../../src/recovery/plan.ts';
import { stepsOf } from '../../src/recovery/planned-steps.ts';
import { session, stored, task } from './item.ts';

const sessions = [session('s1'), session('s2', { was: 'WAITING_FOR_HUMAN' })];
const tasks = [
  task('t1'),
  task('t2', { started: true }),
  task('t3', { flagged: true, was: 'AWAITING_RESPONSE_APPROVAL' }),
  task('t4', { sessionId: 's2', was: 'PENDING' }),
];
const planned = stepsOf(planFor(['SECURITY_THREAT', 'BUDGET_CRITICAL'], sessions, tasks));
const steps = stored(planned);

const faultsOf = (modifications: unknown) => {
  const changed = changePlan(steps, modifications);
  return changed.ok ? [] : changed.errors.map(({ code, path }) => [code, path!.join('.')]);
};
const changedBy = (modifications: unknown) => {
  const changed = changePlan(steps, modifications);
  if (!changed.ok) throw new Error(JSON.stringify(changed.errors));
  return changed.steps;
};
const idsIn = (list: ReturnType<typeof changedBy>, action: string): string[] =>
  list.flatMap((each) =>
    each.action === action ? (each.parameters['tasks'] as { id: string }[]).map(({ id }) => id) : [],
  );

describe('the plan that is proposed (7.5)', () => {
  it('verifies each cause, then the limits, the tasks, the sessions, and lifts the stop last', () => {
    expect(planned.map(({ key }) => key)).toEqual([
      'verify_cause SECURITY_THREAT',
      'verify_cause BUDGET_CRITICAL',
      'set_limits',
      'requeue_tasks',
      'abandon_tasks',
      'resume_sessions',
      'lift_stop',
    ]);
  });

  it('abandons what was under way and what was flagged, and re-queues the rest, each by name', () => {
    const of = (action: string) => planned.find((each) => each.action === action)!.parameters['tasks'];
    expect(of('requeue_tasks')).toMatchObject([{ id: 't1' }, { id: 't4' }]);
    expect(of('abandon_tasks')).toMatchObject([
      { id: 't2', why: expect.stringContaining('not known') },
      { id: 't3', why: expect.stringContaining('CRITICAL') },
    ]);
  });

  it('has nothing but the check and the lift where nothing was halted, and no limits where money is not the cause', () => {
    expect(stepsOf(planFor(['MANUAL_STOP'], [], [])).map(({ action }) => action)).toEqual([
      'verify_cause',
      'lift_stop',
    ]);
  });

  it('is read back out of its steps as it was', () => {
    expect(stepsOf(planOf(steps))).toEqual(planned);
  });
});

describe("an approver's changes (7.5)", () => {
  it('leave the plan as it is where there are none', () => {
    expect(changedBy({}).map(({ key, id, skipped }) => [key, id, skipped])).toEqual(
      planned.map(({ key }) => [key, key, false]),
    );
  });

  it('leave steps out, which stay to be seen in their place', () => {
    expect(
      changedBy({ skip: ['verify_cause BUDGET_CRITICAL', 'requeue_tasks'] })
        .filter(({ skipped }) => skipped)
        .map(({ key }) => key),
    ).toEqual(['verify_cause BUDGET_CRITICAL', 'requeue_tasks']);
  });

  it.each(['lift_stop', 'verify_cause SECURITY_THREAT'])('never leave out %s', (id) => {
    expect(faultsOf({ skip: ['set_limits', id] })).toEqual([
      ['INVALID_INPUT', 'response.modifications.skip.1'],
    ]);
  });

  it('set limits, money with at most four places', () => {
    const limits = { dailyCost: '50.5', dailyTokens: 1000 };
    expect(changedBy({ limits }).find(({ action }) => action === 'set_limits')!.parameters).toEqual({
      limits,
    });
    expect(
      faultsOf({ limits: { dailyCost: '1.23456', monthlyCost: '-1', dailyTokens: 1.5, weekly: 1 } }).map(
        ([, path]) => path,
      ),
    ).toEqual(
      expect.arrayContaining([
        'response.modifications.limits.dailyCost',
        'response.modifications.limits.monthlyCost',
        'response.modifications.limits.dailyTokens',
        'response.modifications.limits.weekly',
      ]),
    );
  });

  it("change a task's fate, and give the plan a step that it lacked", () => {
    const changed = changedBy({ tasks: { t1: 'ABANDON', t2: 'REQUEUE' } });
    expect(idsIn(changed, 'requeue_tasks').sort()).toEqual(['t2', 't4']);
    expect(idsIn(changed, 'abandon_tasks').sort()).toEqual(['t1', 't3']);
    const alone = stored(stepsOf(planFor(['MANUAL_STOP'], [session('s1')], [task('t1')])));
    const added = changePlan(alone, { tasks: { t1: 'ABANDON' } });
    expect(added.ok && added.steps.map(({ action, id }) => [action, id === null])).toEqual([
      ['verify_cause', false],
      ['abandon_tasks', true],
      ['resume_sessions', false],
      ['lift_stop', false],
    ]);
  });

  it('abandon a session with all of its tasks', () => {
    const changed = changedBy({ sessions: { s1: 'ABANDON' } });
    expect(idsIn(changed, 'abandon_tasks').sort()).toEqual(['t1', 't2', 't3']);
    expect(idsIn(changed, 'requeue_tasks')).toEqual(['t4']);
    expect(changed.find(({ action }) => action === 'resume_sessions')!.title).toBe(
      'Resume 1 session, abandon 1',
    );
  });

  it('are refused together, each fault by its path', () => {
    expect(
      faultsOf({
        skip: ['nothing'],
        tasks: { t9: 'ABANDON', t1: 'REQUEUE' },
        sessions: { s9: 'RESUME', s1: 'ABANDON' },
      }),
    ).toEqual([
      ['INVALID_INPUT', 'response.modifications.skip.0'],
      ['INVALID_INPUT', 'response.modifications.sessions.s9'],
      ['INVALID_INPUT', 'response.modifications.tasks.t9'],
      ['INVALID_INPUT', 'response.modifications.tasks.t1'],
    ]);
  });

  it('cannot both give something up and leave out the step that does it', () => {
    expect(faultsOf({ skip: ['resume_sessions'], sessions: { s1: 'ABANDON' } })).toEqual([
      ['INVALID_INPUT', 'response.modifications.sessions.s1'],
    ]);
    expect(faultsOf({ skip: ['abandon_tasks'], tasks: { t1: 'ABANDON' } })).toEqual([
      ['INVALID_INPUT', 'response.modifications.tasks.t1'],
    ]);
    expect(faultsOf({ skip: ['set_limits'], limits: { dailyCost: '5' } })).toEqual([
      ['INVALID_INPUT', 'response.modifications.limits'],
    ]);
  });

  it('a fault of form hides no other, and each is told in words of our own', () => {
    const lift = steps.find(({ action }) => action === 'lift_stop')!.id;
    const changed = changePlan(steps, {
      skip: [lift, 'step_x', 7],
      limits: { dailyCost: '-1', dailyTokens: 1.5, yearlyCost: '1' },
      tasks: { t9: 'KEEP' },
      sessions: [],
      order: [],
    });
    expect(changed.ok ? [] : changed.errors.map(({ message }) => message).sort()).toEqual([
      'modifications.limits.dailyCost: must be an amount of dollars: at least 0, at most twelve digits and four decimal places',
      'modifications.limits.dailyTokens: must be a whole number of tokens, 0 to 9007199254740991',
      'modifications.limits.yearlyCost: there is nothing of this name to change',
      'modifications.order: there is nothing of this name to change',
      'modifications.sessions: must be an object of what becomes of sessions, by their ids',
      'modifications.skip.0: lift_stop may not be left out',
      'modifications.skip.1: the plan has no step step_x',
      "modifications.skip.2: must be a step's id",
      'modifications.tasks.t9: must be REQUEUE or ABANDON',
      'modifications.tasks.t9: the stop has not halted this task',
    ]);
  });

  it.each([[[]], ['skip all'], [{ order: ['lift_stop'] }], [{ tasks: { t1: 'KEEP' } }], [7]])(
    'are not %j',
    (modifications) => {
      expect(faultsOf(modifications).every(([code]) => code === 'INVALID_INPUT')).toBe(true);
      expect(faultsOf(modifications)).not.toEqual([]);
    },
  );
});
