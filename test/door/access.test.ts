import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { liftStop } from '../../src/emergency/lift.ts';
import { systemActor } from '../../src/identity/viewer.ts';
import { createIds } from '../../src/kernel/ids.ts';
import { schema } from '../../src/graphql/schema.ts';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { type Keys, makeKey, makeProject, roles, type TestWorld } from '../support/world.ts';
import { beginRecovery, stopAnew } from './stopped.ts';
import {
  mutations as most,
  type MutationRow,
  queries,
  resumeSession,
  type Subject,
  subscriptions,
} from './access-table.ts';

const mutations: Record<string, MutationRow> = { ...most, resumeSession };
const database = withDatabase();
let app: TestApp;
let own: TestWorld;
let foreign: TestWorld;
/** The same two, of projects that an emergency stop holds: nothing else could be tried in them. */
let stopped: TestWorld;
let stoppedToo: TestWorld;
let globals: Keys;

beforeAll(async () => {
  // Nothing is sent, which would write to the log while it is compared.
  app = await startApp({ database: database(), env: { PROCESS_ROLES: 'api' } });
  own = await makeProject(app, ADMIN_KEY, 'own');
  foreign = await makeProject(app, ADMIN_KEY, 'foreign');
  stopped = await makeProject(app, ADMIN_KEY, 'stopped');
  stoppedToo = await makeProject(app, ADMIN_KEY, 'stopped too');
  const made = await Promise.all(
    roles.map(async (role) => [role, (await makeKey(app, ADMIN_KEY, role, null)).secret]),
  );
  globals = Object.fromEntries(made) as Keys;
});
afterAll(() => app.stop());

/** A test that stops a project lets the next one go on. */
afterEach(async () => {
  const { prisma, signals, clock } = database();
  const nothing = () => {};
  const deps = {
    database: { prisma, signals },
    clock,
    ids: createIds(clock),
    changes: { announce: nothing },
    committed: nothing,
    enqueueDrives: async () => {},
    wakeSweeps: nothing,
  };
  const abandon = { sessionIds: [], taskIds: [] };
  for (const { stopId } of await prisma.project.findMany({ where: { stopId: { not: null } } }))
    await prisma.$transaction((tx) =>
      liftStop(tx, deps, { stopId: stopId!, actor: systemActor, abandon, now: clock.now() }),
    );
});

const OPTIONS = [{ id: 'a', label: 'A', description: '', value: 'a' }];

/** Whose projects something is tried in: its own, and another. */
const worldsOf = (subject: Subject | null): [mine: TestWorld, theirs: TestWorld] =>
  subject === 'stopped' || subject === 'recovery' ? [stopped, stoppedToo] : [own, foreign];

/** A fresh one in this project. */
async function make(world: TestWorld, subject: Subject, field = '', key = world.keys.AGENT): Promise<string> {
  switch (subject) {
    case 'project':
      return world.id;
    case 'team':
      return world.teamId;
    case 'session':
      return world.session();
    case 'intervention': {
      const sessionId = await world.session();
      const id = await world.ask({ sessionId, options: OPTIONS });
      return field === 'resumeSession' ? sessionId : id;
    }
    case 'answered': {
      const id = await world.ask();
      await world.approve(id);
      return id;
    }
    case 'approval':
      return world.call(key);
    case 'approvedCall': {
      // Who asked uses it; somebody else approves it.
      const id = await world.call(key);
      await app.ok(
        key === world.keys.SUPERVISOR ? world.keys.MANAGER : world.keys.SUPERVISOR,
        'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE}) { success errors { code message } } }',
        { id },
      );
      return id;
    }
    case 'heldCall':
      return world.heldCall();
    case 'standing':
      // Whoever granted it may revoke it.
      return world.standing(key === world.keys.AGENT ? world.keys.OPERATOR : key);
    case 'task':
      return world.task();
    case 'reservation':
      return world.reserve();
    case 'delivery':
      return deadLetter(world);
    case 'slackUser':
      return linkSlackUser(world);
    case 'key':
      return (await makeKey(app, ADMIN_KEY, 'VIEWER', world.id)).id;
    case 'person': {
      // Somebody who has left: their key is revoked.
      const { id } = await makeKey(app, ADMIN_KEY, 'VIEWER', world.id);
      await app.ok(
        ADMIN_KEY,
        'mutation($id: ID!) { revokeApiKey(id: $id) { success errors { code message } } }',
        { id },
      );
      return (await database().prisma.apiKey.findUniqueOrThrow({ where: { id } })).userId!;
    }
    case 'stopped':
      await stopAnew(app, world);
      return world.id;
    case 'recovery':
      await stopAnew(app, world);
      return beginRecovery(app, world);
  }
}

/** A Slack user who is linked to a key of the project. */
async function linkSlackUser({ id }: TestWorld): Promise<string> {
  const key = await makeKey(app, ADMIN_KEY, 'VIEWER', id);
  const { linkSlackUser: linked } = await app.ok(
    ADMIN_KEY,
    'mutation($id: ID!) { linkSlackUser(input: {apiKeyId: $id, slackTeamId: "T0123456789", slackUserId: "U0123456789"}) { success message errors { code } slackUser { id } } }',
    { id: key.id },
  );
  return linked.slackUser.id;
}

/** A delivery that was given up. */
async function deadLetter({ id: projectId, teamId }: TestWorld): Promise<string> {
  const { prisma, clock } = database();
  const ids = createIds(clock);
  const { id } = await prisma.notificationDelivery.create({
    data: {
      id: ids.next('delivery'),
      projectId,
      teamId,
      version: 1,
      place: 0,
      channel: 'WEBHOOK',
      name: 'intervention_required',
      eventId: ids.next('event'),
      eventPosition: 1n,
      subjectId: ids.next('intervention'),
      destination: `${teamId}/0`,
      critical: false,
      status: 'DEAD',
      attempts: 1,
      createdAt: clock.now(),
    },
  });
  return id;
}

/** Calls are used by whoever asked: where this role may ask, it did. */
const ownerOf = ({ subject, who }: { subject: Subject | null; who: readonly unknown[] }, key: string) =>
  (subject === 'approvedCall' ||
    subject === 'standing' ||
    (subject === 'approval' && who.includes('AGENT'))) &&
  who.some(
    (role) =>
      own.keys[role as keyof typeof own.keys] === key || globals[role as keyof typeof globals] === key,
  )
    ? key
    : own.keys.AGENT;

const fieldsOf = (name: 'Query' | 'Mutation' | 'Subscription') =>
  Object.keys((schema.getType(name) as any).getFields()).sort();
/** The first step of the recovery that this id names, if it does. */
const firstStep = async (recoveryId: string): Promise<string> =>
  (await database().prisma.recoveryStep.findFirst({ where: { recoveryId }, orderBy: { position: 'asc' } }))
    ?.id ?? 'nowhere';
/** Every change writes its event: where none was written, nothing was changed. */
async function events(): Promise<number> {
  const [{ count }] = await database().prisma.$queryRaw<[{ count: bigint }]>`
    SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM unsealed_events) AS count`;
  return Number(count);
}
/** A team takes so many pending interventions and no more. */
const freshTeam = async () => {
  for (const world of [own, foreign]) world.teamId = await world.team('next');
};

const noPage = { nodes: [], edges: [], totalCount: 0, pageInfo: { startCursor: null, hasNextPage: false } };
const missing = {
  null: () => null,
  never: () => undefined,
  NOT_FOUND: (_: unknown, subject: Subject) => [['NOT_FOUND', `there is no such ${subject}`]],
  empty: (result: unknown) => (Array.isArray(result) ? [] : noPage),
};

/** What is not there, in every way that there is of not being there. */
const nowhere = (id: string): [string, string][] => [
  ['malformed', 'nonsense'],
  ['empty', ''],
  ['of another type', `agent_${id.split('_')[1]}`],
  ['unknown', `${id.split('_')[0]}_${'0'.repeat(26)}`],
  ['in other letters', id.toUpperCase()],
  ['longer', `${id}0`],
];

describe('the table covers the schema', () => {
  test('each mutation, query and subscription has its row, and each row its field', () => {
    expect(Object.keys(mutations).sort()).toEqual(fieldsOf('Mutation'));
    expect(Object.keys(queries).sort()).toEqual(fieldsOf('Query'));
    expect(Object.keys(subscriptions).sort()).toEqual(fieldsOf('Subscription'));
  });
});

describe('behaviour 2.1: no credential, no answer', () => {
  test.each([
    ['none', null],
    ['an unknown key', 'hp_unknown'],
    ['an empty one', ''],
  ])('every query and mutation is UNAUTHENTICATED with %s', async (_, key) => {
    for (const { document } of [...Object.values(mutations), ...Object.values(queries)]) {
      const { data, errors } = await app.graphql(key, document, { id: own.id });
      expect(data ?? null).toBeNull();
      expect(errors!.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
    }
  });
});

describe.each(Object.entries(mutations))('mutation %s', (field, row) => {
  const call = async (key: string, id: string) =>
    app.graphql(key, row.document, row.subject === null ? {} : { id, step: await firstStep(id) });

  test.each(roles)('behaviour 2.3: %s, bound to the project and global', async (role) => {
    if (role === 'AGENT') await freshTeam();
    const [mine] = worldsOf(row.subject);
    for (const [keys, bound] of [
      [mine.keys, true],
      [globals, false],
    ] as const) {
      const id = row.subject === null ? '' : await make(mine, row.subject, field, ownerOf(row, keys[role]));
      const before = await events();
      const { data, errors } = await call(keys[role], id);
      if (row.who.includes(role) && !(row.global && bound)) {
        expect(errors).toBeUndefined();
        expect(data.result).toMatchObject({ success: true, errors: [] });
      } else {
        expect(errors).toHaveLength(1);
        expect(errors![0]).toMatchObject({ path: ['result'], extensions: { code: 'FORBIDDEN' } });
        expect(data ?? null).toBeNull();
        expect(await events()).toEqual(before);
      }
    }
  });

  if (row.subject === null) return;
  const subject = row.subject;

  test('behaviour 2.2: what lies in another project does not exist for any role that may call it', async () => {
    await freshTeam();
    const [world, other] = worldsOf(subject);
    const [theirs, mine] = [await make(other, subject, field), await make(world, subject, field)];
    const before = await events();
    const answers = await Promise.all(
      [['foreign', theirs] as const, ...nowhere(mine)].flatMap(([kind, id], at) =>
        // The ways of not being there are told apart by no role: one of them tries them all.
        (at === 0 ? row.who : row.who.slice(-1)).map(async (role) => ({
          kind,
          role,
          ...(await call(world.keys[role], id)),
        })),
      ),
    );
    const first = answers[0]!.data.result;
    expect(first).toMatchObject({ success: false, errors: [{ code: 'NOT_FOUND' }] });
    for (const { kind, role, data, errors } of answers)
      expect({ kind, role, errors, ...data }).toEqual({ kind, role, result: first });
    expect(await events()).toBe(before);
  });
});

describe.each(Object.entries(queries))('query %s', (_, row) => {
  test.each(roles)('behaviour 2.3, 2.4: %s reads its project, bound to it and global', async (role) => {
    const [mine] = worldsOf(row.subject);
    const id = row.subject === null ? '' : await make(mine, row.subject);
    for (const keys of [mine.keys, globals]) {
      const { data, errors } = await app.graphql(
        keys[role],
        row.document,
        row.subject === null ? {} : { id },
      );
      if (row.who !== undefined && !row.who.includes(role)) {
        expect(errors).toMatchObject([{ path: ['result'], extensions: { code: 'FORBIDDEN' } }]);
        continue;
      }
      expect(errors).toBeUndefined();
      expect(data.result).not.toBeNull();
    }
  });

  if (row.subject === null) return;
  const subject = row.subject;

  test('behaviour 2.2: what lies in another project does not exist for any role', async () => {
    await freshTeam();
    await foreign.ask();
    const [world, other] = worldsOf(subject);
    const [theirs, mine] = [await make(other, subject), await make(world, subject)];
    for (const [at, [kind, given]] of [['foreign', theirs] as const, ...nowhere(mine)].entries()) {
      for (const role of at === 0 ? (row.who ?? roles) : roles.slice(-1)) {
        const { data, errors } = await app.graphql(world.keys[role], row.document, { id: given });
        const result =
          row.missing === 'NOT_FOUND'
            ? errors?.map(({ extensions, message }) => [extensions.code, message])
            : data.result;
        expect([kind, role, result]).toEqual([kind, role, missing[row.missing](data?.result, subject)]);
      }
    }
  });
});

describe('behaviour 2.2: lists, counts and nodes', () => {
  beforeAll(freshTeam);

  test('lists and counts hold the own project alone; a global viewer sees both', async () => {
    await Promise.all([own.ask(), foreign.ask()]);
    const lists = `{
      projects { id teams { id } }
      interventions(first: 100) { totalCount nodes { teamId session { projectId } } }
      sessions(first: 100) { totalCount nodes { projectId team { project { id } } } }
    }`;
    const { data } = await app.graphql(own.keys.VIEWER, lists);
    expect(JSON.stringify(data)).not.toContain(foreign.id);
    expect(JSON.stringify(data)).not.toContain(foreign.teamId);
    expect(data.projects.map(({ id }: { id: string }) => id)).toEqual([own.id]);
    const { prisma } = database();
    expect(data.interventions.totalCount).toBe(
      await prisma.intervention.count({ where: { projectId: own.id } }),
    );
    expect(data.sessions.totalCount).toBe(await prisma.session.count({ where: { projectId: own.id } }));
    const all = await app.ok(globals.VIEWER, '{ projects { id } interventions { totalCount } }');
    expect(all.projects.map(({ id }: { id: string }) => id)).toEqual(
      expect.arrayContaining([own.id, foreign.id]),
    );
    expect(all.interventions.totalCount).toBe(await prisma.intervention.count());
  });

  test('a filter naming another project or its parts finds nothing', async () => {
    const sessionId = await foreign.session();
    await foreign.ask({ sessionId });
    for (const filter of [{ projectId: foreign.id }, { teamId: foreign.teamId }, { sessionId }]) {
      const { interventions } = await app.ok(
        own.keys.ADMIN,
        'query($filter: InterventionFilter) { interventions(filter: $filter) { totalCount nodes { id } } }',
        { filter },
      );
      expect(interventions).toEqual({ totalCount: 0, nodes: [] });
    }
  });

  test("node finds each type in the own project and none of another's; keys are shown to an ADMIN alone", async () => {
    for (const subject of [
      'project',
      'team',
      'session',
      'intervention',
      'task',
      'reservation',
      'standing',
      'key',
    ] as const) {
      const [mine, theirs] = [await make(own, subject), await make(foreign, subject)];
      for (const role of roles) {
        const node = 'query($id: ID!) { node(id: $id) { __typename id } }';
        const shown = subject !== 'key' || role === 'ADMIN';
        expect((await app.ok(own.keys[role], node, { id: mine })).node?.id ?? null).toBe(shown ? mine : null);
        expect((await app.ok(own.keys[role], node, { id: theirs })).node).toBeNull();
      }
    }
    const { prisma } = database();
    const agents = await prisma.agent.findMany({ where: { teamId: { in: [own.teamId, foreign.teamId] } } });
    expect(agents.length).toBeGreaterThan(1);
    for (const { id, teamId } of agents) {
      const { node } = await app.ok(own.keys.VIEWER, 'query($id: ID!) { node(id: $id) { id } }', { id });
      expect(node?.id ?? null).toBe(teamId === own.teamId ? id : null);
    }
    const users = await prisma.user.findMany({ where: { projectId: { in: [own.id, foreign.id] } } });
    for (const { id, projectId } of users) {
      const { node } = await app.ok(own.keys.VIEWER, 'query($id: ID!) { node(id: $id) { id } }', { id });
      expect(node?.id ?? null).toBe(projectId === own.id ? id : null);
    }
  });

  test('behaviour 2.5: an ADMIN of a project makes no key beyond it, and revokes none', async () => {
    const make =
      'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { success secret errors { code path } apiKey { id } } }';
    const beyond = await app.graphql(own.keys.ADMIN, make, { input: { name: 'more', role: 'VIEWER' } });
    expect(beyond.data.createApiKey).toEqual({
      success: false,
      secret: null,
      errors: [{ code: 'FORBIDDEN', path: ['projectId'] }],
      apiKey: null,
    });
    const { id } = await makeKey(app, ADMIN_KEY, 'VIEWER', null);
    const revoke = await app.graphql(
      own.keys.ADMIN,
      'mutation($id: ID!) { revokeApiKey(id: $id) { success errors { code } } }',
      { id },
    );
    expect(revoke.data.revokeApiKey).toEqual({ success: false, errors: [{ code: 'NOT_FOUND' }] });
  });
});

describe("behaviour 2.8: idempotency keys are a credential's own", () => {
  beforeAll(freshTeam);

  test('the key of another credential finds nothing, in the same project or another', async () => {
    const request = (sessionId: string) => ({
      input: { sessionId, agentName: 'coder', type: 'DECISION', message: 'may I?', idempotencyKey: 'shared' },
    });
    const ask =
      'mutation($input: RequestInterventionInput!) { requestIntervention(input: $input) { success errors { code } intervention { id } } }';
    const sessionId = await own.session();
    const first = (await app.ok(own.keys.AGENT, ask, request(sessionId))).requestIntervention.intervention.id;
    const again = (await app.ok(own.keys.AGENT, ask, request(sessionId))).requestIntervention.intervention.id;
    const other = (await app.ok(own.keys.OPERATOR, ask, request(sessionId))).requestIntervention.intervention
      .id;
    const outside = await app.graphql(foreign.keys.AGENT, ask, request(sessionId));
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(outside.data.requestIntervention).toEqual({
      success: false,
      errors: [{ code: 'NOT_FOUND' }],
      intervention: null,
    });
  });
});

/** How something happens that a subscription tells of. */
const happen = {
  ask: (world: TestWorld): Promise<unknown> => world.ask(),
  reservation: (world: TestWorld): Promise<unknown> => world.reserve(),
  approval: (world: TestWorld): Promise<unknown> => world.call(),
  stop: (world: TestWorld): Promise<unknown> =>
    app.ok(
      world.keys.OPERATOR,
      'mutation($id: ID!) { triggerEmergencyStop(projectId: $id, reason: "smoke") { success errors { code } } }',
      { id: world.id },
    ),
};

describe.each(Object.entries(subscriptions))('subscription %s', (field, row) => {
  beforeAll(freshTeam);

  test('behaviour 2.2: accepted for every role in its project; NOT_FOUND for what does not exist for it', async () => {
    const [mine, theirs] = [await make(own, row.subject), await make(foreign, row.subject)];
    for (const role of roles) {
      const socket = await app.socket(own.keys[role]);
      const given = [
        theirs,
        ...nowhere(mine)
          .filter(([, id]) => id !== '')
          .map(([, id]) => id),
      ];
      socket.subscribe('mine', row.document, { id: mine });
      given.forEach((id, at) => socket.subscribe(`no${at}`, row.document, { id }));
      await socket.settled();
      expect(socket.of('mine')).toEqual([]);
      for (const [at] of given.entries()) {
        if (row.silent) expect(socket.of(`no${at}`)).toEqual([]);
        else
          expect(socket.of(`no${at}`)).toMatchObject([
            { type: 'error', payload: [{ extensions: { code: 'NOT_FOUND' } }] },
          ]);
      }
      socket.socket.close();
    }
  });

  test('behaviour 2.2, 9.3: without a filter a bound viewer is told of its own project alone, a global one of both', async () => {
    const [bound, global] = [await app.socket(own.keys.AGENT), await app.socket(globals.VIEWER)];
    for (const socket of [bound, global]) socket.subscribe('s', row.open);
    await Promise.all([bound.settled(), global.settled()]);
    for (const world of [foreign, own]) await happen[row.of ?? 'ask'](world);
    const scope = row.of === undefined ? 'teamId' : 'projectId';
    const idOf = (world: TestWorld) => (row.of === undefined ? world.teamId : world.id);
    const told = (socket: typeof bound) =>
      socket.of('s').map(({ payload }) => payload.data[field][scope] as string);
    await bound.until(() => told(bound).includes(idOf(own)));
    await global.until(() => told(global).includes(idOf(own)) && told(global).includes(idOf(foreign)));
    expect(new Set(told(bound))).toEqual(new Set([idOf(own)]));
    bound.socket.close();
    global.socket.close();
  });
});
