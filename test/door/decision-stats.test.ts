import { describe, expect, test } from 'vitest';
import { createIds, firstIdAt } from '../../src/kernel/ids.ts';
import { testClock } from '../support/clock.ts';
import { makeKey, makeProject } from '../support/world.ts';
import { ADMIN_KEY } from '../support/app.ts';
import { app, run, world } from './desk.ts';

const FIELDS = `asked decided pending medianSeconds p95Seconds bucketSeconds byOutcome { key count } volume { at asked decided }
  byType { key asked decided rejected medianSeconds p95Seconds } byAgent { key asked decided }
  byPerson { name decisions approved rejected quickApprovals medianSeconds reflex }`;
const now = () => app.clock.now();
const stats = (from: Date, to: Date, teamId: string | null = world.teamId) =>
  run(
    'VIEWER',
    `query($id: ID!, $team: ID, $range: TimeRangeInput!) { decisionStats(projectId: $id, teamId: $team, timeRange: $range) { ${FIELDS} } }`,
    { id: world.id, team: teamId, range: { from, to } },
  );
const refusal = async (range: object) =>
  (
    await app.graphql(
      world.keys.VIEWER,
      'query($id: ID!, $range: TimeRangeInput!) { decisionStats(projectId: $id, timeRange: $range) { asked } }',
      { id: world.id, range },
    )
  ).errors?.[0]?.message;
const reject = (id: string, key: string) =>
  app.ok(
    key,
    'mutation($id: ID!) { resolveIntervention(id: $id, resolution: {resolutionType: REJECT, reasoning: "no"}) { success errors { message } } }',
    { id },
  );
const vote = (id: string, key: string) =>
  app.ok(
    key,
    'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE}) { success errors { message } } }',
    { id },
  );

describe('how people decide, in numbers', () => {
  test('counts interventions and approvals by outcome, type, agent and person, with the time that they took (9.4)', async () => {
    const from = now();
    const first = await world.ask({ agentName: 'coder' });
    const second = await world.ask({ agentName: 'tester', type: 'QUALITY_REVIEW' });
    await world.ask({ agentName: 'coder' });
    const call = await world.call();
    app.clock.advance(10);
    await world.approve(first);
    app.clock.advance(20);
    await reject(second, world.keys.OPERATOR);
    app.clock.advance(30);
    await vote(call, world.keys.SUPERVISOR);
    expect(await stats(from, new Date(now().getTime() + 1))).toEqual({
      asked: 4,
      decided: 3,
      pending: 1,
      medianSeconds: 30,
      p95Seconds: 57,
      bucketSeconds: 3600,
      byOutcome: [
        { key: 'APPROVED', count: 2 },
        { key: 'PENDING', count: 1 },
        { key: 'REJECTED', count: 1 },
      ],
      volume: [{ at: from.toISOString(), asked: 4, decided: 3 }],
      byType: [
        { key: 'DECISION', asked: 2, decided: 1, rejected: 0, medianSeconds: 10, p95Seconds: 10 },
        { key: 'AGENT_CALL', asked: 1, decided: 1, rejected: 0, medianSeconds: 60, p95Seconds: 60 },
        { key: 'QUALITY_REVIEW', asked: 1, decided: 1, rejected: 1, medianSeconds: 30, p95Seconds: 30 },
      ],
      byAgent: [
        { key: 'coder', asked: 3, decided: 2 },
        { key: 'tester', asked: 1, decided: 1 },
      ],
      byPerson: [
        {
          name: 'OPERATOR',
          decisions: 2,
          approved: 1,
          rejected: 1,
          quickApprovals: 0,
          medianSeconds: 20,
          reflex: false,
        },
        {
          name: 'SUPERVISOR',
          decisions: 1,
          approved: 1,
          rejected: 0,
          quickApprovals: 0,
          medianSeconds: 60,
          reflex: false,
        },
      ],
    });
  });

  test('counts who decided, not what it ended as, and as agents those alone who are (9.4)', async () => {
    const from = now();
    const place = await makeProject(app, ADMIN_KEY, 'stopped');
    const [call, pending] = [await place.call(), await place.call(place.keys.AGENT, 'wait')];
    app.clock.advance(7);
    await vote(call, place.keys.SUPERVISOR);
    const ok = async (key: string, mutation: string) => app.ok(key, `mutation { ${mutation} { success } }`);
    await ok(
      place.keys.OPERATOR,
      `requestBudgetOverride(input: {projectId: "${place.id}", limitType: COST_DAILY, requestedAmount: "1", justification: "more"})`,
    );
    await ok(place.keys.OPERATOR, `triggerEmergencyStop(projectId: "${place.id}", reason: "smoke")`);
    app.clock.advance(5);
    await ok(place.keys.MANAGER, `initiateRecovery(projectId: "${place.id}", recoveryType: GUIDED)`);
    await ok(place.keys.AGENT, `cancelApproval(id: "${pending}")`);
    const told = await app.ok(
      place.keys.VIEWER,
      `query($id: ID!, $range: TimeRangeInput!) { decisionStats(projectId: $id, timeRange: $range) { ${FIELDS} } }`,
      { id: place.id, range: { from, to: new Date(now().getTime() + 1) } },
    );
    expect(told.decisionStats).toMatchObject({
      asked: 4,
      decided: 1,
      medianSeconds: 7,
      byOutcome: [
        { key: 'CANCELLED', count: 2 },
        { key: 'PENDING', count: 2 },
      ],
      byPerson: [{ name: 'SUPERVISOR', decisions: 1, approved: 1 }],
    });
    expect(told.decisionStats.byAgent.map(({ asked }: { asked: number }) => asked)).toEqual([2]);
    expect(told.decisionStats.byType.map(({ key }: { key: string }) => key).toSorted()).toEqual([
      'AGENT_CALL',
      'BUDGET_OVERRIDE',
      'RECOVERY_PLAN',
    ]);
  });

  test('counts what was asked within the range, and nothing of another team or before', async () => {
    await world.ask();
    app.clock.advance(100);
    const from = now();
    const inside = await world.ask();
    app.clock.advance(3600 * 5);
    await world.ask();
    const to = now();
    expect((await stats(from, to)).asked).toBe(1);
    expect((await stats(from, new Date(to.getTime() + 1))).volume).toEqual([
      { at: from.toISOString(), asked: 1, decided: 0 },
      { at: to.toISOString(), asked: 1, decided: 0 },
    ]);
    expect((await stats(new Date(from.getTime() + 1), to)).asked).toBe(0);
    const other = await world.team('other');
    expect((await stats(from, to, other)).asked).toBe(0);
    expect((await stats(from, to, null)).asked).toBe(1);
    expect(inside).toMatch(/^intervention_/);
  });

  test('tells who approves nearly everything without the time to look, however long it had waited (9.4)', async () => {
    const from = now();
    const [quick, careful] = await Promise.all(
      ['quick', 'careful'].map((name) => makeKey(app, ADMIN_KEY, 'OPERATOR', world.id, name)),
    );
    const ids: string[] = [];
    const sessions = await Promise.all(Array.from({ length: 6 }, () => world.session()));
    for (let n = 0; n < 44; n += 1)
      ids.push(await world.ask({ sessionId: sessions[n % 6]!, timeout: 86_400 }).catch(() => ''));
    const asked = ids.filter((id) => id !== '');
    app.clock.advance(3600);
    const half = Math.floor(asked.length / 2);
    for (const id of asked.slice(0, half)) {
      app.clock.advance(2);
      await world.approve(id, quick!.secret);
    }
    for (const id of asked.slice(half)) {
      app.clock.advance(40);
      await world.approve(id, careful!.secret);
    }
    const { byPerson } = await stats(from, new Date(now().getTime() + 1));
    const of = (name: string) => byPerson.find((person: { name: string }) => person.name === name);
    expect(of('quick')).toMatchObject({ decisions: half, quickApprovals: half - 1, reflex: true });
    expect(of('careful')).toMatchObject({ quickApprovals: 0, reflex: false });
  }, 60_000);

  test('is asked for a range with two ends, of 92 days at most (9.4)', async () => {
    const [from, to] = ['2026-01-01T00:00:00Z', '2026-04-03T00:00:00Z'];
    expect(await refusal({ from, to })).toBeUndefined();
    expect(await refusal({ from })).toBe('timeRange needs both from and to');
    expect(await refusal({ from: to, to: from })).toBe('timeRange.from must be before timeRange.to');
    expect(await refusal({ from, to: '2026-04-03T00:00:01Z' })).toBe(
      'timeRange must not be longer than 92 days',
    );
  });
});

test('the first id of an instant stands before those made at it, and after those made before', () => {
  const clock = testClock();
  const ids = createIds(clock);
  const before = ids.next('approval');
  clock.advance(0.001);
  const bound = firstIdAt('approval', clock.now());
  expect(before < bound).toBe(true);
  expect(bound < ids.next('approval')).toBe(true);
});
