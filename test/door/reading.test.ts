import { describe, expect, test } from 'vitest';
import { ADMIN_KEY, type Variables } from '../support/app.ts';
import { app, world } from './desk.ts';

describe('numbers', () => {
  test('interventionStats agree with numbers counted by hand', async () => {
    const teamId = await world.team('stats');
    const from = app.clock.now();
    const sessionId = await world.session({ teamId });
    const ask = (input: Variables = {}) => world.ask({ sessionId, timeout: 3600, ...input });
    // Answered after 10, 20, 30 and 100 seconds.
    const four = [
      await ask(),
      await ask({ urgency: 'HIGH' }),
      await ask({ type: 'APPROVAL' }),
      await ask({ type: 'APPROVAL' }),
    ];
    const [cancelled, escalated] = [await ask(), await ask()];
    await app.ok(
      world.keys.OPERATOR,
      'mutation($id: ID!) { escalateIntervention(id: $id, escalation: {reason: "r"}) { success } }',
      { id: escalated },
    );
    await app.ok(world.keys.AGENT, 'mutation($id: ID!) { cancelIntervention(id: $id) { success } }', {
      id: cancelled,
    });
    for (const [at, seconds] of [10, 10, 10, 70].entries()) {
      app.clock.advance(seconds);
      await world.approve(four[at]!);
    }
    const stats = (timeRange?: object) =>
      app
        .ok(
          world.keys.VIEWER,
          `query($id: ID!, $timeRange: TimeRangeInput) { interventionStats(teamId: $id, timeRange: $timeRange) { total pending resolved timedOut cancelled escalated autoContinued
        byType { key count } byUrgency { key count } byResolution { key count } averageResolutionTime medianResolutionTime p95ResolutionTime } }`,
          { id: teamId, timeRange },
        )
        .then(({ interventionStats }) => interventionStats);
    expect(await stats()).toEqual({
      total: 6,
      pending: 1,
      resolved: 4,
      timedOut: 0,
      cancelled: 1,
      escalated: 1,
      autoContinued: 0,
      byType: [
        { key: 'DECISION', count: 4 },
        { key: 'APPROVAL', count: 2 },
      ],
      byUrgency: [
        { key: 'NORMAL', count: 5 },
        { key: 'HIGH', count: 1 },
      ],
      byResolution: [{ key: 'APPROVED', count: 4 }],
      averageResolutionTime: 40,
      medianResolutionTime: 25,
      p95ResolutionTime: expect.closeTo(89.5, 6),
    });
    const nothing = {
      total: 0,
      pending: 0,
      resolved: 0,
      timedOut: 0,
      cancelled: 0,
      escalated: 0,
      autoContinued: 0,
      byType: [],
      byUrgency: [],
      byResolution: [],
      averageResolutionTime: null,
      medianResolutionTime: null,
      p95ResolutionTime: null,
    };
    expect(await stats({ to: from.toISOString() })).toEqual(nothing);
    expect((await stats({ from: from.toISOString() })).total).toBe(6);
  });

  test("a team's status counts what lives, and shows what its agents do", async () => {
    const teamId = await world.team('status');
    const [active, waiting, ended] = [
      await world.session({ teamId }),
      await world.session({ teamId }),
      await world.session({ teamId }),
    ];
    await world.ask({ sessionId: waiting, agentName: 'asker' });
    const other = await world.ask({ sessionId: waiting, agentName: 'asker' });
    await world.approve(other);
    await app.ok(
      world.keys.AGENT,
      'mutation($id: ID!) { reportExecutionEvent(input: {sessionId: $id, agentName: "worker", type: "t"}) { success } }',
      { id: active },
    );
    await app.ok(
      world.keys.AGENT,
      'mutation($id: ID!) { a: createTask(input: {sessionId: $id, agentName: "breaker", agentType: TESTER, instructions: "i"}) { success } b: failSession(sessionId: $id, reason: "r") { success } }',
      { id: ended },
    );
    const { team } = await app.ok(
      world.keys.AGENT,
      'query($id: ID!) { team(id: $id) { status { teamId activeSessions waitingSessions pendingInterventions updatedAt agents { name } } agents { id name type status lastActivity } } }',
      { id: teamId },
    );
    expect(team.status).toEqual({
      teamId,
      activeSessions: 1,
      waitingSessions: 1,
      pendingInterventions: 1,
      updatedAt: app.clock.now().toISOString(),
      agents: ['asker', 'breaker', 'worker'].map((name) => ({ name })),
    });
    expect(team.agents).toMatchObject([
      { name: 'asker', type: 'CUSTOM', status: 'WAITING_FOR_HITL' },
      { name: 'breaker', type: 'TESTER', status: 'ERROR' },
      { name: 'worker', type: 'CUSTOM', status: 'WORKING' },
    ]);
  });
});

describe('node', () => {
  test('finds every type by its id, as that type', async () => {
    const id = await world.ask();
    const task = await world.task();
    await world.approve(id);
    const { intervention } = await app.ok(
      ADMIN_KEY,
      'query($id: ID!) { intervention(id: $id) { resolvedBy { id } session { id team { id agents { id } project { id } } } } }',
      { id },
    );
    const { createApiKey } = await app.ok(
      ADMIN_KEY,
      'mutation { createApiKey(input: {name: "k", role: AGENT}) { success apiKey { id } } }',
    );
    const nodes = {
      Intervention: id,
      Task: task,
      User: intervention.resolvedBy.id,
      Session: intervention.session.id,
      Team: intervention.session.team.id,
      Agent: intervention.session.team.agents[0].id,
      Project: intervention.session.team.project.id,
      ApiKey: createApiKey.apiKey.id,
    };
    for (const [__typename, nodeId] of Object.entries(nodes)) {
      const { node } = await app.ok(
        ADMIN_KEY,
        `query($id: ID!) { node(id: $id) { __typename id ... on ${__typename} { typed: id } } }`,
        { id: nodeId },
      );
      expect(node).toEqual({ __typename, id: nodeId, typed: nodeId });
    }
  });

  test('a turn has an id and is no node', async () => {
    const { node } = await app.ok(ADMIN_KEY, '{ node(id: "turn_01h455vb4pex5vsknk084sn02q") { id } }');
    expect(node).toBeNull();
  });
});
