import { describe, expect, it } from 'vitest';
import { appendConversationTurn } from '../../src/sessions/append-turn.ts';
import { cancelSession } from '../../src/sessions/end.ts';
import { reportExecutionEvent } from '../../src/sessions/report.ts';
import { createTask, finishTask } from '../../src/sessions/tasks.ts';
import { eventsOf, everything, refusedWithoutTrace } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, clock, asked, intervention, session, task } = withHouse();

const report = (sessionId: string, agentName = 'ada', more: object = {}) =>
  reportExecutionEvent(scene.house.deps, scene.team.agent, { sessionId, agentName, type: 'step', ...more });
const turn = (sessionId: string, agentName = 'ada') =>
  appendConversationTurn(scene.house.deps, scene.team.agent, sessionId, {
    agentName,
    input: 'in',
    response: 'out',
  });
const begin = async (sessionId: string, agentName = 'ada') =>
  (
    await createTask(scene.house.deps, scene.team.agent, {
      sessionId,
      agentName,
      instructions: 'do',
      agentType: 'CODER',
    })
  ).reply.taskId;
const finish = (taskId: string, status: 'COMPLETED' | 'FAILED' = 'COMPLETED', by = scene.team.agent) =>
  finishTask(scene.house.deps, by, { taskId, status, result: { n: 1 } });

describe('an agent acts in its session', () => {
  it('a report is written as an event, and a team without a configuration answers CONTINUE (behaviour 8.4)', async () => {
    const sessionId = await scene.act.start();
    clock().advance(5);
    const events = await eventsOf(scene.house, async () =>
      expect((await report(sessionId, 'ada', { metrics: { cost: 2 } })).reply).toEqual({
        directive: 'CONTINUE',
        interventionId: null,
      }),
    );
    expect(events).toMatchObject([
      {
        type: 'execution_reported',
        data: { agentName: 'ada', type: 'step', metrics: { cost: 2 }, context: {} },
      },
    ]);
    expect(await session(sessionId)).toMatchObject({
      status: 'ACTIVE',
      lastActivity: clock().now(),
      version: 1,
    });
  });

  it('a turn is kept with who said it, and when', async () => {
    const sessionId = await scene.act.start();
    const events = await eventsOf(scene.house, () => turn(sessionId));
    expect(events).toMatchObject([{ type: 'conversation_turn_appended', subjectId: sessionId }]);
    const turns = (await everything(scene.house)).turns.filter((each) => each.sessionId === sessionId);
    expect(turns).toMatchObject([
      { agentName: 'ada', input: 'in', response: 'out', timestamp: clock().now() },
    ]);
  });

  it('a task runs and is finished once; the same again is no fault, another end is INVALID_STATE', async () => {
    const taskId = await begin(await scene.act.start());
    expect(await task(taskId)).toMatchObject({ status: 'RUNNING', agentType: 'CODER' });
    expect(await eventsOf(scene.house, () => finish(taskId))).toMatchObject([
      { type: 'task_finished', subjectId: taskId, data: { status: 'COMPLETED' } },
    ]);
    expect(await task(taskId)).toMatchObject({ status: 'COMPLETED', result: { n: 1 } });
    expect(await eventsOf(scene.house, () => finish(taskId))).toEqual([]);
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => finish(taskId, 'FAILED'));
  });

  it.each([
    ['a report', (id: string, name: string) => report(id, name)],
    ['a turn', (id: string, name: string) => turn(id, name)],
    ['a task', (id: string, name: string) => begin(id, name)],
  ])(
    'behaviour 4.13: %s under the same name shows that the answers arrived; under another it does not',
    async (_, go) => {
      const { sessionId, id } = await asked();
      await scene.act.resolve(id);
      await go(sessionId, 'bob');
      expect((await intervention(id)).delivery).toBe('PENDING');
      const events = await eventsOf(scene.house, () => go(sessionId, 'ada'));
      expect(events[0]).toMatchObject({ type: 'intervention_delivered', subjectId: id });
      expect((await intervention(id)).delivery).toBe('DELIVERED');
      expect((await eventsOf(scene.house, () => go(sessionId, 'ada'))).map(({ type }) => type)).not.toContain(
        'intervention_delivered',
      );
    },
  );

  it('behaviour 4.13: what runs inside has an answer once its runner has taken it, not by what it does meanwhile', async () => {
    const { sessionId, id } = await asked({}, 'inside');
    await scene.act.resolve(id);
    await report(sessionId);
    await finish(await begin(sessionId));
    expect((await intervention(id)).delivery).toBe('PENDING');
  });

  it('behaviour 3.3: its next report ends CONTINUING_ASYNC', async () => {
    const { sessionId, id } = await asked({ asyncMode: true });
    await scene.act.resolve(id);
    expect((await session(sessionId)).status).toBe('CONTINUING_ASYNC');
    await report(sessionId);
    expect((await session(sessionId)).status).toBe('ACTIVE');
  });

  it('behaviour 3.1: others act on while one waits, and the session waits on', async () => {
    const { sessionId } = await asked();
    await Promise.all([report(sessionId, 'bob'), turn(sessionId, 'eve'), begin(sessionId, 'joe')]);
    expect(await session(sessionId)).toMatchObject({ status: 'WAITING_FOR_HUMAN', version: 4 });
  });

  it('is refused without a trace once the session has ended, out of bounds, and to strangers', async () => {
    const sessionId = await scene.act.start();
    const taskId = await begin(sessionId);
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () =>
      finish(taskId, 'COMPLETED', scene.team.stranger),
    );
    await expect(finish('task_gone')).rejects.toThrow('there is no such task');
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => report(sessionId, ' '));
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => report(sessionId, 'ada', { metrics: [] }));
    await cancelSession(scene.house.deps, scene.team.agent, sessionId, null);
    for (const act of [
      () => report(sessionId),
      () => turn(sessionId),
      () => begin(sessionId),
      () => finish(taskId),
    ]) {
      await refusedWithoutTrace(scene.house, 'INVALID_STATE', act);
    }
  });
});
