import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeKey, makeProject, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
beforeAll(async () => {
  app = await startApp({ database: database() });
  world = await makeProject(app, ADMIN_KEY, 'standing');
});
afterAll(() => app.stop());

const FIELDS = `id status projectId teamId approvalId agentName proposedAction condition maximumRisk maximumUses maximumCost uses
  cost reason grantedBy { kind name role } createdAt expiresAt lastUsedAt endedAt endedBy { kind name } endReason`;
const CREATE = `mutation($input: StandingApprovalInput!) { createStandingApproval(input: $input) {
  success message errors { code message path } standingApproval { ${FIELDS} } } }`;
const REVOKE = `mutation($id: ID!, $reason: String) { revokeStandingApproval(id: $id, reason: $reason) {
  success message errors { code message path } standingApproval { ${FIELDS} } } }`;
const ASK = `mutation($input: AgentCallApprovalInput!) { requestAgentCallApproval(input: $input) { success errors { code message }
  approval { id status permit decisions { verdict } standingApproval { id uses cost } } } }`;

const ask = async (proposedAction: string, input: object = {}) => {
  const given = {
    agentName: 'coder',
    inputData: {},
    proposedAction,
    sessionId: await world.session(),
    ...input,
  };
  return (await app.ok(world.keys.AGENT, ASK, { input: given })).requestAgentCallApproval.approval;
};
const bounds = { maximumUses: 3, maximumCost: '0.5', expiresAt: '2026-03-03T09:00:00Z' };
const grant = async (approvalId: string, input: object = {}, key = world.keys.OPERATOR) =>
  (await app.graphql(key, CREATE, { input: { approvalId, ...bounds, ...input } })).data
    .createStandingApproval;

describe('standing approvals over HTTP', () => {
  test('(5.9) the same call is approved in the answer to its asking, from the grant to the revocation', async () => {
    const held = await ask('write a letter', { inputData: { to: 'ada' } });
    expect(held).toMatchObject({ status: 'PENDING', standingApproval: null, permit: null });
    const made = await grant(held.id, { condition: 'input.to == "ada"', reason: 'only letters' });
    expect(made).toMatchObject({ success: true, message: 'standing approval granted', errors: [] });
    const { id } = made.standingApproval;
    expect(made.standingApproval).toEqual({
      id: expect.stringMatching(/^standing_/),
      status: 'ACTIVE',
      projectId: world.id,
      teamId: world.teamId,
      approvalId: held.id,
      agentName: 'coder',
      proposedAction: 'write a letter',
      condition: 'input.to == "ada"',
      maximumRisk: 'LOW',
      maximumUses: 3,
      maximumCost: '0.5000',
      uses: 0,
      cost: '0.0000',
      reason: 'only letters',
      grantedBy: { kind: 'USER', name: 'OPERATOR', role: 'OPERATOR' },
      createdAt: app.clock.now().toISOString(),
      expiresAt: '2026-03-03T09:00:00.000Z',
      lastUsedAt: null,
      endedAt: null,
      endedBy: null,
      endReason: null,
    });
    const covered = await ask('write a letter', { inputData: { to: 'ada' }, estimatedCost: '0.125' });
    expect(covered).toMatchObject({
      status: 'APPROVED',
      decisions: [],
      standingApproval: { id, uses: 1, cost: '0.1250' },
    });
    expect(covered.permit.split('.')).toHaveLength(3);
    const claims = JSON.parse(Buffer.from(covered.permit.split('.')[1], 'base64url').toString());
    expect(claims).toMatchObject({ sub: covered.id, jti: covered.id });
    expect((await ask('write a letter', { inputData: { to: 'eve' } })).status).toBe('PENDING');

    const { revokeStandingApproval } = await app.ok(world.keys.SUPERVISOR, REVOKE, { id, reason: 'enough' });
    expect(revokeStandingApproval.standingApproval).toMatchObject({
      status: 'REVOKED',
      uses: 1,
      cost: '0.1250',
      endedBy: { kind: 'USER', name: 'SUPERVISOR' },
      endReason: 'enough',
    });
    expect((await ask('write a letter', { inputData: { to: 'ada' } })).status).toBe('PENDING');
  });

  test('(9.1) its events stand in the log, each about it', async () => {
    const held = await ask('tell it');
    const { id } = (await grant(held.id, { maximumUses: 1 })).standingApproval;
    const used = await ask('tell it');
    await app.ok(world.keys.OPERATOR, REVOKE, { id });
    const types = ['standing_approval_created', 'standing_approval_used', 'standing_approval_revoked'];
    const read = async () =>
      (
        await app.ok(
          world.keys.VIEWER,
          'query($types: [String!]) { events(filter: {types: $types}, first: 100) { nodes { type subject { __typename id } data } } }',
          { types },
        )
      ).events.nodes.filter(({ subject }: any) => subject.id === id);
    await until('the events to be sealed', async () => (await read()).length === 3);
    const told = await read();
    expect(told.map(({ type }: any) => type)).toEqual(types);
    expect(told[1]).toMatchObject({
      subject: { __typename: 'StandingApproval', id },
      data: { approvalId: used.id },
    });
  });

  test('(10.1) are listed newest first, ACTIVE ones unless all are asked for, page by page', async () => {
    const teamId = await world.team('pages of grants');
    const sessionId = await world.session({ teamId });
    const held = await ask('list it', { sessionId });
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1)
      ids.unshift((await grant(held.id, { maximumUses: 1 + at })).standingApproval.id);
    await app.ok(world.keys.OPERATOR, REVOKE, { id: ids[0] });
    // The oldest has one use, and that is taken.
    expect((await ask('list it', { sessionId })).standingApproval.id).toBe(ids[4]);
    const list = async (args: string) =>
      (
        await app.ok(
          world.keys.VIEWER,
          `query($id: ID!) { standingApprovals(teamId: $id, ${args}) { totalCount nodes { id status } pageInfo { endCursor hasNextPage } } }`,
          { id: teamId },
        )
      ).standingApprovals;
    const active = await list('first: 2');
    expect([active.totalCount, active.nodes.map(({ id }: any) => id)]).toEqual([3, ids.slice(1, 3)]);
    const next = await list(`first: 2, after: "${active.pageInfo.endCursor}"`);
    expect([next.nodes.map(({ id }: any) => id), next.pageInfo.hasNextPage]).toEqual([[ids[3]], false]);
    const all = await list('includeEnded: true');
    expect(all.nodes.map(({ status }: any) => status)).toEqual([
      'REVOKED',
      'ACTIVE',
      'ACTIVE',
      'ACTIVE',
      'EXHAUSTED',
    ]);
    const { errors } = await app.graphql(
      world.keys.VIEWER,
      '{ standingApprovals(first: 101) { totalCount } }',
    );
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test('(5.9) is tried on what was, for nothing', async () => {
    const calls = [
      await ask('try it', { estimatedCost: '0.2' }),
      await ask('try it', { estimatedCost: '0.2' }),
    ];
    const SIMULATE = `query($input: StandingApprovalSimulationInput!) { standingApprovalSimulation(input: $input) {
      count estimatedCost examined complete calls(first: 1) { id estimatedCost } } }`;
    const simulate = (input: object, key = world.keys.OPERATOR) =>
      app.graphql(key, SIMULATE, { input: { approvalId: calls[1].id, maximumCost: '1', ...input } });
    expect((await simulate({})).data.standingApprovalSimulation).toEqual({
      count: 2,
      estimatedCost: '0.4000',
      examined: 2,
      complete: true,
      calls: [{ id: calls[0].id, estimatedCost: '0.2000' }],
    });
    expect((await simulate({ maximumUses: 1 })).data.standingApprovalSimulation.count).toBe(1);
    const { errors } = await simulate({ maximumUses: 0, condition: '1' });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(errors![0]!.message).toMatch(/condition is not a condition.*maximumUses must be 1 to 10000/);
    const many = `query($input: StandingApprovalSimulationInput!) {${Array.from({ length: 30 }, (_, at) => ` a${at}: standingApprovalSimulation(input: $input) { count }`).join('')} }`;
    const input = { approvalId: calls[0].id, maximumCost: '1' };
    const heavy = await app.graphql(world.keys.OPERATOR, many, { input });
    expect(heavy.errors).toMatchObject([{ extensions: { code: 'TOO_COMPLEX' } }]);
  });

  test('(10.3) each bad input names its field and bound, all of them at once', async () => {
    const held = await ask('refuse it');
    const refused = await grant(held.id, {
      maximumUses: 10_001,
      maximumCost: '-1',
      expiresAt: '2026-04-02T09:00:00Z',
      condition: 'input.map(x, x)',
      maximumRisk: 'CRITICAL',
      reason: 'x'.repeat(20_001),
    });
    expect(refused).toMatchObject({ success: false, standingApproval: null });
    expect(
      Object.fromEntries(refused.errors.map(({ path, message }: any) => [path.join('.'), message])),
    ).toEqual({
      condition: expect.stringContaining('it may not call map'),
      maximumRisk: 'maximumRisk must be LOW or MEDIUM',
      maximumUses: 'maximumUses must be 1 to 10000',
      maximumCost: expect.stringMatching(/^maximumCost must be 0\.0000 to/),
      expiresAt: 'expiresAt must lie ahead, by at most 30 days',
      reason: 'reason must have at most 20000 characters',
    });
    expect(refused.errors.every(({ code }: any) => code === 'INVALID_INPUT')).toBe(true);
  });

  test('(10.2) NUL and lone surrogates are refused in a condition', async () => {
    const held = await ask('refuse this too');
    for (const condition of ['input == "a\0"', 'input == "\ud800"']) {
      const { errors } = await app.graphql(world.keys.OPERATOR, CREATE, {
        input: { approvalId: held.id, ...bounds, condition },
      });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
  });

  test('(2.1) ends with the key of whoever granted it, as soon as that is revoked', async () => {
    const { secret, id: keyId } = await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id, 'passing by');
    const held = await ask('pass by');
    const { id } = (await grant(held.id, {}, secret)).standingApproval;
    expect((await ask('pass by')).status).toBe('APPROVED');
    await app.ok(ADMIN_KEY, 'mutation($id: ID!) { revokeApiKey(id: $id) { success errors { code } } }', {
      id: keyId,
    });
    expect((await ask('pass by')).status).toBe('PENDING');
    const status = async () =>
      (await app.ok(world.keys.VIEWER, 'query($id: ID!) { standingApproval(id: $id) { status } }', { id }))
        .standingApproval.status;
    await until('the clock to have ended it', async () => (await status()) === 'REVOKED');
  });

  test('(5.9) expires by the clock, with its event', async () => {
    const held = await ask('expire');
    const { id } = (await grant(held.id, { expiresAt: '2026-03-02T09:30:00Z' })).standingApproval;
    app.clock.set(new Date('2026-03-02T09:30:00Z'));
    expect((await ask('expire')).status).toBe('PENDING');
    await until('the clock to have ended it', async () => {
      const row = await database().prisma.standingApproval.findUniqueOrThrow({ where: { id } });
      return row.ending === 'EXPIRED';
    });
  });
});
