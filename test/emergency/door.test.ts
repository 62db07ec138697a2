import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { makeProject } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ database: database() });
});
afterAll(() => app.stop());

const STOP = `mutation($id: ID!, $severity: Severity) {
  triggerEmergencyStop(projectId: $id, reason: "smoke", severity: $severity) {
    success message errors { code message path }
    emergencyStop {
      id projectId triggeredConditions stopReason severity triggeredBy { kind } createdAt haltedAt resolvedAt
      stoppedSessions { id status } stoppedTasks { id status }
    }
  }
}`;

test('behaviour 7.1, 7.2: an agent stops its project; every subscription tells, and everything shows it', async () => {
  const project = await makeProject(app, ADMIN_KEY, 'stopped');
  const quiet = await project.team('quiet');
  const task = await project.task();
  const sessions = await Promise.all(Array.from({ length: 5 }, () => project.session()));
  const id = await project.ask({ sessionId: sessions[0] });
  const socket = await app.socket(project.keys.VIEWER);
  const subscriptions = {
    stops: 'emergencyStopUpdates { id haltedAt }',
    one: `sessionUpdates(sessionId: "${sessions[3]}") { id status }`,
    sessions: 'sessionUpdates { id status }',
    items: 'interventionUpdates { id frozen expiresAt }',
    teams: 'teamStatusUpdates { teamId emergencyStopped }',
    budget: 'budgetUpdates { emergencyStopTriggered }',
  };
  for (const [name, fields] of Object.entries(subscriptions))
    socket.subscribe(name, `subscription { ${fields} }`);
  await socket.settled();

  const { triggerEmergencyStop } = await app.ok(project.keys.AGENT, STOP, { id: project.id });
  const stop = triggerEmergencyStop.emergencyStop;
  expect(stop).toMatchObject({
    projectId: project.id,
    triggeredConditions: ['MANUAL_STOP'],
    stopReason: 'smoke',
    severity: 'CRITICAL',
    triggeredBy: { kind: 'AGENT' },
    resolvedAt: null,
    stoppedTasks: [{ id: task, status: 'HALTED' }],
  });
  expect(stop.haltedAt).toBe(stop.createdAt);
  expect(stop.stoppedSessions).toHaveLength(6);

  const told = (name: keyof typeof subscriptions) =>
    socket.of(name).map(({ payload }) => Object.values(payload.data)[0] as Record<string, unknown>);
  await socket.until(
    () =>
      sessions.every((each) => told('sessions').some((row) => row.id === each && row.status === 'HALTED')) &&
      [project.teamId, quiet].every((each) =>
        told('teams').some((row) => row.teamId === each && row.emergencyStopped),
      ) &&
      told('budget').length > 0 &&
      told('items').length > 0 &&
      told('one').length > 0,
  );
  expect(told('stops')).toEqual([{ id: stop.id, haltedAt: stop.haltedAt }]);
  expect(new Set(told('one').map((row) => row.id))).toEqual(new Set([sessions[3]]));
  expect(told('items')).toMatchObject([{ id, frozen: true }]);
  expect(new Set(told('teams').map((row) => row.teamId))).toEqual(new Set([project.teamId, quiet]));
  expect(told('budget').at(-1)).toEqual({ emergencyStopTriggered: true });

  const shown = await app.ok(
    project.keys.VIEWER,
    `query($id: ID!, $stop: ID!) {
      emergencyStatus(projectId: $id) { projectId stopped stop { id } }
      project(id: $id) { emergency { stopped } teams { status { emergencyStopped } agents { name status } } }
      emergencyStops(projectId: $id) { totalCount nodes { id } edges { cursor } }
      node(id: $stop) { __typename id }
    }`,
    { id: project.id, stop: stop.id },
  );
  expect(shown.emergencyStatus).toEqual({ projectId: project.id, stopped: true, stop: { id: stop.id } });
  expect(shown.project.emergency.stopped).toBe(true);
  expect(shown.project.teams.map((team: any) => team.status.emergencyStopped)).toEqual([true, true]);
  expect(shown.emergencyStops).toMatchObject({ totalCount: 1, nodes: [{ id: stop.id }] });
  expect(shown.node).toEqual({ __typename: 'EmergencyStop', id: stop.id });

  const { createSession } = (
    await app.graphql(
      project.keys.AGENT,
      'mutation($id: ID!) { createSession(input: {teamId: $id, initialMessage: "go"}) { success errors { code } } }',
      { id: project.teamId },
    )
  ).data;
  expect(createSession).toEqual({ success: false, errors: [{ code: 'EMERGENCY_STOPPED' }] });
  const report = await app.ok(
    project.keys.AGENT,
    'mutation($id: ID!) { reportExecutionEvent(input: {sessionId: $id, agentName: "coder", type: "step"}) { success directive errors { code } } }',
    { id: sessions[1] },
  );
  expect(report.reportExecutionEvent).toEqual({ success: true, directive: 'HALT', errors: [] });
  app.clock.advance(1);
  const again = await app.ok(project.keys.OPERATOR, STOP, { id: project.id, severity: 'LOW' });
  expect(triggerEmergencyStop.message).toBe('project stopped');
  expect(again.triggerEmergencyStop.message).toBe('the project was stopped already');
  expect(again.triggerEmergencyStop.emergencyStop).toMatchObject({ id: stop.id, severity: 'CRITICAL' });
  socket.socket.close();
});

test('behaviour 7.1: a report of an exhausted resource stops the project before it is answered', async () => {
  const project = await makeProject(app, ADMIN_KEY, 'exhausted');
  const sessionId = await project.session();
  const { reportExecutionEvent } = await app.ok(
    project.keys.AGENT,
    'mutation($id: ID!) { reportExecutionEvent(input: {sessionId: $id, agentName: "coder", type: "step", metrics: {resource_usage: 96}}) { success directive errors { code } } }',
    { id: sessionId },
  );
  expect(reportExecutionEvent.directive).toBe('HALT');
  const { emergencyStatus } = await app.ok(
    project.keys.VIEWER,
    'query($id: ID!) { emergencyStatus(projectId: $id) { stopped stop { triggeredConditions severity } } }',
    { id: project.id },
  );
  expect(emergencyStatus).toEqual({
    stopped: true,
    stop: { triggeredConditions: ['RESOURCE_EXHAUSTION'], severity: 'HIGH' },
  });
});

test('behaviour 7.3: a stop counts the sessions whose worker has yet to let go', async () => {
  const project = await makeProject(app, ADMIN_KEY, 'halting');
  const { prisma, clock } = database();
  const held = { epoch: 0, heldUntil: new Date(clock.now().getTime() + 5_000) };
  const sessions = [await project.session(), await project.session(), await project.session()];
  for (const sessionId of sessions.slice(0, 2))
    await prisma.sessionDrive.create({ data: { sessionId, ...held } });
  await app.ok(project.keys.OPERATOR, STOP, { id: project.id });
  const counted = async () =>
    (
      await app.ok(
        project.keys.VIEWER,
        'query($id: ID!) { emergencyStatus(projectId: $id) { stop { haltedAt runningSessions } } }',
        { id: project.id },
      )
    ).emergencyStatus.stop;
  expect(await counted()).toEqual({ haltedAt: null, runningSessions: 2 });
  await prisma.sessionDrive.update({ where: { sessionId: sessions[0]! }, data: { heldUntil: null } });
  expect(await counted()).toEqual({ haltedAt: null, runningSessions: 1 });
});
