import { describe, expect, test } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { makeProject, type TestWorld } from '../support/world.ts';
import { app, id, instant, PAYLOAD } from './desk.ts';

const LINES = 'lines { limitType limit used reserved overridden remaining periodStart resetsAt }';
const BUDGET = `id projectId timeZone ${LINES} alerts { alertType thresholdType thresholdValue currentValue triggeredAt } emergencyStopTriggered updatedAt`;
const CHECK = 'check { allowed requiresApproval budgetExceeded emergencyStopRequired violations }';
const RESERVATION =
  'reservation { id projectId tokens cost status committedTokens committedCost createdAt expiresAt }';

let made = 0;
const project = (): Promise<TestWorld> => makeProject(app, ADMIN_KEY, `budget ${(made += 1)}`);
const reserve = `mutation($input: ReserveBudgetInput!) { reserveBudget(input: $input) { ${PAYLOAD} ${RESERVATION} ${CHECK} budget { id } } }`;

describe('a budget', () => {
  test('is shown with its project, by its id and by itself, in decimals with four places (6.1, 6.6)', async () => {
    const world = await project();
    const { project: shown, budget } = await app.ok(
      world.keys.VIEWER,
      `query($id: ID!) { project(id: $id) { budget { ${BUDGET} } } budget(projectId: $id) { ${BUDGET} } }`,
      { id: world.id },
    );
    expect(shown.budget).toEqual(budget);
    const line = {
      used: '0.0000',
      reserved: '0.0000',
      overridden: '0.0000',
      periodStart: instant,
      resetsAt: instant,
    };
    expect(budget).toEqual({
      id: world.id.replace('project_', 'budget_'),
      projectId: world.id,
      timeZone: 'UTC',
      lines: [
        { ...line, limitType: 'TOKEN_DAILY', limit: '100000.0000', remaining: '100000.0000' },
        { ...line, limitType: 'TOKEN_MONTHLY', limit: '2000000.0000', remaining: '2000000.0000' },
        { ...line, limitType: 'COST_DAILY', limit: '100.0000', remaining: '100.0000' },
        { ...line, limitType: 'COST_MONTHLY', limit: '2000.0000', remaining: '2000.0000' },
      ],
      alerts: [],
      emergencyStopTriggered: false,
      updatedAt: instant,
    });
    const node = 'query($id: ID!) { node(id: $id) { __typename id } }';
    const stranger = await project();
    expect((await app.ok(world.keys.AGENT, node, { id: budget.id })).node).toEqual({
      __typename: 'Budget',
      id: budget.id,
    });
    expect((await app.ok(stranger.keys.ADMIN, node, { id: budget.id })).node).toBeNull();
  });

  test('is made with the limits of its project (6.1)', async () => {
    const { createProject } = await app.ok(
      ADMIN_KEY,
      `mutation { createProject(input: {name: "own", timeZone: "Pacific/Auckland", limits: {dailyTokens: 5, monthlyCost: 0.5}}) { ${PAYLOAD} project { budget { timeZone lines { limit } } } } }`,
    );
    expect(createProject.project.budget).toEqual({
      timeZone: 'Pacific/Auckland',
      lines: ['5.0000', '2000000.0000', '100.0000', '0.5000'].map((limit) => ({ limit })),
    });
  });

  test('shows what was held, committed and given back, and the alerts of its periods (6.3, 6.4)', async () => {
    const world = await project();
    const input = { projectId: world.id, tokens: 100, cost: '1.25', ttlSeconds: 60 };
    const { reserveBudget } = await app.ok(world.keys.AGENT, reserve, { input });
    expect(reserveBudget).toEqual({
      success: true,
      message: 'budget reserved',
      errors: [],
      reservation: {
        id,
        projectId: world.id,
        tokens: 100,
        cost: '1.2500',
        status: 'HELD',
        committedTokens: null,
        committedCost: null,
        createdAt: instant,
        expiresAt: instant,
      },
      check: {
        allowed: true,
        requiresApproval: false,
        budgetExceeded: false,
        emergencyStopRequired: false,
        violations: [],
      },
      budget: { id: world.id.replace('project_', 'budget_') },
    });
    const commit = `mutation($id: ID!, $cost: Decimal!) { commitBudget(reservationId: $id, tokens: 85000, cost: $cost) { ${PAYLOAD} ${RESERVATION} budget { alerts { alertType thresholdType thresholdValue currentValue } ${LINES} } } }`;
    const { commitBudget } = await app.ok(world.keys.AGENT, commit, {
      id: reserveBudget.reservation.id,
      cost: 2,
    });
    expect(commitBudget.reservation).toMatchObject({
      status: 'COMMITTED',
      committedTokens: 85_000,
      committedCost: '2.0000',
    });
    expect(commitBudget.budget.alerts).toEqual([
      {
        alertType: 'WARNING',
        thresholdType: 'TOKEN_DAILY',
        thresholdValue: '80000.0000',
        currentValue: '85000.0000',
      },
    ]);
    expect(commitBudget.budget.lines[0]).toMatchObject({
      used: '85000.0000',
      reserved: '0.0000',
      remaining: '15000.0000',
    });
    const other = await app.graphql(world.keys.AGENT, commit, {
      id: reserveBudget.reservation.id,
      cost: '2.0001',
    });
    expect(other.data.commitBudget).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_STATE' }],
      reservation: { status: 'COMMITTED', committedCost: '2.0000' },
    });
  });

  test('that cannot carry it refuses in the payload, with the lines that are too narrow (6.2)', async () => {
    const world = await project();
    const { data } = await app.graphql(world.keys.AGENT, reserve, {
      input: { projectId: world.id, tokens: 1, cost: 120 },
    });
    expect(data.reserveBudget).toMatchObject({
      success: false,
      errors: [
        {
          code: 'BUDGET_EXCEEDED',
          message: 'the budget cannot carry it: COST_DAILY: 120.0000 asked, 100.0000 left',
        },
      ],
      reservation: null,
      check: { allowed: false, requiresApproval: true, budgetExceeded: true, violations: ['COST_DAILY'] },
      budget: { id: world.id.replace('project_', 'budget_') },
    });
  });
});

describe('a check of an estimate', () => {
  const ask = (cost: unknown, tokens = 1) =>
    [
      'query($id: ID!, $tokens: Int!, $cost: Decimal!) { checkBudget(projectId: $id, estimatedTokens: $tokens, estimatedCost: $cost) { allowed violations emergencyStopRequired } }',
      { cost, tokens },
    ] as const;

  test('says what a reservation would get, and changes nothing', async () => {
    const world = await project();
    const asked = async (cost: unknown) => {
      const [document, variables] = ask(cost);
      return (await app.ok(world.keys.AGENT, document, { id: world.id, ...variables })).checkBudget;
    };
    expect(await asked('100')).toEqual({ allowed: true, violations: [], emergencyStopRequired: false });
    expect(await asked(150.0001)).toEqual({
      allowed: false,
      violations: ['COST_DAILY'],
      emergencyStopRequired: true,
    });
    const { budget } = await app.ok(
      world.keys.AGENT,
      `query($id: ID!) { budget(projectId: $id) { ${LINES} } }`,
      { id: world.id },
    );
    expect(budget.lines[2]).toMatchObject({ used: '0.0000', reserved: '0.0000' });
  });

  test.each([
    ['1.00001', 1],
    ['-1', 1],
    ['much', 1],
    ['1', -1],
    [true, 1],
  ])('of %j dollars and %d tokens is BAD_USER_INPUT (6.6, 10.3)', async (cost, tokens) => {
    const world = await project();
    const [document, variables] = ask(cost, tokens);
    const { errors } = await app.graphql(world.keys.AGENT, document, { id: world.id, ...variables });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

test('a literal with many digits is taken exactly (6.6)', async () => {
  const world = await project();
  const { setBudgetLimits } = await app.ok(
    world.keys.MANAGER,
    `mutation($id: ID!) { setBudgetLimits(projectId: $id, limits: {monthlyCost: 999999999999.9999, timeZone: "America/St_Johns"}) { ${PAYLOAD} budget { timeZone lines { limit } } } }`,
    { id: world.id },
  );
  expect(setBudgetLimits.budget.lines[3].limit).toBe('999999999999.9999');
  expect(setBudgetLimits.budget.timeZone).toBe('America/St_Johns');
});

test('those who follow are told of each change, with the budget as it stands (9.3)', async () => {
  const world = await project();
  const socket = await app.socket(world.keys.VIEWER);
  socket.subscribe('b', 'subscription { budgetUpdates { projectId lines { limitType reserved } } }');
  await socket.settled();
  await world.reserve();
  const reserved = () => socket.of('b').map(({ payload }) => payload.data.budgetUpdates.lines[0].reserved);
  await socket.until(() => reserved().includes('10.0000'));
  await world.reserve();
  await socket.until(() => reserved().includes('20.0000'));
  socket.socket.close();
});

test('a hold is given back by the clock once its time is over, with nobody asking (6.3)', async () => {
  const world = await project();
  const { reserveBudget } = await app.ok(world.keys.AGENT, reserve, {
    input: { projectId: world.id, tokens: 7, cost: 0, ttlSeconds: 1 },
  });
  const socket = await app.socket(world.keys.VIEWER);
  socket.subscribe('b', 'subscription { budgetUpdates { lines { reserved } } }');
  await socket.settled();
  app.clock.advance(1);
  await socket.until(() => socket.of('b').length > 0);
  const { node } = await app.ok(
    world.keys.VIEWER,
    'query($id: ID!) { node(id: $id) { ... on BudgetReservation { status } } }',
    { id: reserveBudget.reservation.id },
  );
  expect(node.status).toBe('EXPIRED');
  socket.socket.close();
});

test('a request past 150 % of the day’s cost limit has stopped the project by the time it is answered (6.4, 7.1)', async () => {
  const world = await project();
  const ask = (cost: string) =>
    app.graphql(world.keys.AGENT, reserve, { input: { projectId: world.id, tokens: 0, cost } });
  expect((await ask('150.0001')).data.reserveBudget).toMatchObject({
    success: false,
    errors: [{ code: 'BUDGET_EXCEEDED' }],
    check: { emergencyStopRequired: true },
  });
  const { budget, emergencyStatus } = await app.ok(
    world.keys.VIEWER,
    'query($id: ID!) { budget(projectId: $id) { emergencyStopTriggered } emergencyStatus(projectId: $id) { stopped } }',
    { id: world.id },
  );
  expect([budget.emergencyStopTriggered, emergencyStatus.stopped]).toEqual([true, true]);
  expect((await ask('0.0001')).data.reserveBudget.errors).toMatchObject([{ code: 'EMERGENCY_STOPPED' }]);
});
