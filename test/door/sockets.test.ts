import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { onServer } from '../support/template.ts';
import { until } from '../support/until.ts';
import { makeKey, makeProject, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
beforeAll(async () => {
  app = await startApp({ database: database() });
  world = await makeProject(app, ADMIN_KEY, 'sockets');
});
beforeEach(async () => void (world.teamId = await world.team('next')));
afterAll(() => app.stop());

type Socket = Awaited<ReturnType<TestApp['socket']>>;
const payloads = (socket: Socket, id: string) =>
  socket
    .of(id)
    .filter(({ type }) => type === 'next')
    .map(({ payload }) => payload);
async function follow(key: string, query: string, variables?: object, api: TestApp = app) {
  const socket = await api.socket(key);
  socket.subscribe('s', query, variables);
  await socket.settled();
  return { ...socket, shown: () => payloads(socket, 's').map(({ data }) => Object.values(data)[0] as any) };
}

const INTERVENTIONS =
  'subscription($id: ID) { interventionUpdates(teamId: $id) { id status session { status } humanResponse { content } } }';

describe('behaviour 9.3: changes are told at the commit', () => {
  test('an intervention that is asked and answered, with its session as it is then', async () => {
    const socket = await follow(world.keys.VIEWER, INTERVENTIONS, { id: world.teamId });
    expect(socket.shown()).toEqual([]);
    const id = await world.ask();
    await socket.until(() => socket.shown().length > 0);
    expect(socket.shown()[0]).toEqual({
      id,
      status: 'PENDING',
      session: { status: 'WAITING_FOR_HUMAN' },
      humanResponse: null,
    });
    await world.approve(id);
    await socket.until(() => socket.shown().at(-1)?.status === 'RESOLVED');
    expect(socket.shown().at(-1)).toEqual({
      id,
      status: 'RESOLVED',
      session: { status: 'ACTIVE' },
      humanResponse: { content: 'Approved' },
    });
    socket.socket.close();
  });

  test('sessionUpdates of one session and no other', async () => {
    const [mine, other] = [await world.session(), await world.session()];
    const socket = await follow(
      world.keys.VIEWER,
      'subscription($id: ID) { sessionUpdates(sessionId: $id) { id status currentIntervention { id } conversationHistory { response } } }',
      { id: mine },
    );
    await world.ask({ sessionId: other });
    const asked = await world.ask({ sessionId: mine });
    await socket.until(() => socket.shown().length > 0);
    expect(socket.shown().map(({ id }) => id)).toEqual([mine]);
    expect(socket.shown()[0]).toMatchObject({
      status: 'WAITING_FOR_HUMAN',
      currentIntervention: { id: asked },
    });
    socket.socket.close();
  });

  test('teamStatusUpdates counts as it stands, a burst as few', async () => {
    const socket = await follow(
      world.keys.AGENT,
      'subscription($id: ID) { teamStatusUpdates(teamId: $id) { teamId pendingInterventions waitingSessions agents { name status } } }',
      { id: world.teamId },
    );
    await Promise.all(Array.from({ length: 10 }, () => world.ask()));
    await socket.until(() => socket.shown().at(-1)?.pendingInterventions === 10);
    expect(socket.shown().at(-1)).toEqual({
      teamId: world.teamId,
      pendingInterventions: 10,
      waitingSessions: 10,
      agents: [{ name: 'coder', status: 'WAITING_FOR_HITL' }],
    });
    expect(new Set(socket.shown().map(({ teamId }) => teamId))).toEqual(new Set([world.teamId]));
    socket.socket.close();
  });

  test('subscribe, then query: between the two nothing is missed, while others ask', async () => {
    const storm = Promise.all(Array.from({ length: 40 }, () => world.ask()));
    const socket = await app.socket(world.keys.VIEWER);
    socket.subscribe('live', 'subscription($id: ID) { interventionUpdates(teamId: $id) { id } }', {
      id: world.teamId,
    });
    socket.subscribe('query', 'query($id: ID!) { teamInterventions(teamId: $id) { id } }', {
      id: world.teamId,
    });
    const ids = await storm;
    const seen = () =>
      new Set([
        ...payloads(socket, 'live').map(({ data }) => data.interventionUpdates.id),
        ...payloads(socket, 'query').flatMap(({ data }) => data.teamInterventions.map(({ id }: any) => id)),
      ]);
    await socket.until(() => payloads(socket, 'query').length === 1 && ids.every((id) => seen().has(id)));
    expect(ids.filter((id) => !seen().has(id))).toEqual([]);
    socket.socket.close();
  });

  test('a graphql-ws client is served like any other', async () => {
    const client = app.wsClient(world.keys.VIEWER);
    const updates = client.iterate<any>({
      query: 'subscription($id: ID) { interventionUpdates(teamId: $id) { id } }',
      variables: { id: world.teamId },
    });
    const first = updates.next();
    // Its subscribe is on the way: what is asked until it is live may be missed, so ask until it tells.
    let told: any = null;
    void first.then((result) => (told = result));
    const asked: string[] = [];
    await until('an update arrives', async () => {
      asked.push(await world.ask());
      return told !== null;
    });
    expect(asked).toContain(told.value.data.interventionUpdates.id);
    await client.dispose();
  });
});

describe('credentials while connected', () => {
  test('behaviour 2.1: a revoked key closes its socket with 4403 and the reason; others go on', async () => {
    const { secret, id } = await makeKey(app, ADMIN_KEY, 'VIEWER', world.id);
    const [mine, other] = [
      await follow(secret, INTERVENTIONS),
      await follow(world.keys.VIEWER, INTERVENTIONS),
    ];
    await app.ok(ADMIN_KEY, 'mutation($id: ID!) { revokeApiKey(id: $id) { success errors { code } } }', {
      id,
    });
    expect(await mine.closed).toEqual({ code: 4403, reason: 'The API key was revoked.' });
    await world.ask();
    await other.until(() => other.shown().length > 0);
    expect(mine.shown()).toEqual([]);
    other.socket.close();
    const refused = await app.socket(secret);
    expect((await refused.closed).code).toBe(4403);
  });

  test('behaviour 2.1: a key that expires closes its socket with 4403', async () => {
    const expiresAt = new Date(app.clock.now().getTime() + 60_000).toISOString();
    const { createApiKey } = await app.ok(
      ADMIN_KEY,
      'mutation($id: ID, $expiresAt: DateTime) { createApiKey(input: {name: "k", role: VIEWER, projectId: $id, expiresAt: $expiresAt}) { success errors { code } secret } }',
      { id: world.id, expiresAt },
    );
    const socket = await follow(createApiKey.secret, INTERVENTIONS);
    app.clock.advance(61);
    expect(await socket.closed).toEqual({ code: 4403, reason: 'The credential has expired.' });
  });
});

describe('behaviour 10.5: bounds of a socket', () => {
  test('a socket holds 100 subscriptions and stays open past that; a credential 1,000, over all its sockets', {
    timeout: 60_000,
  }, async () => {
    const { secret } = await makeKey(app, ADMIN_KEY, 'VIEWER', world.id);
    const sockets = await Promise.all(Array.from({ length: 11 }, () => app.socket(secret)));
    for (const socket of sockets.slice(0, 10))
      for (let n = 0; n <= 100; n++) socket.subscribe(`s${n}`, INTERVENTIONS);
    await Promise.all(sockets.map((socket) => socket.settled()));
    for (const socket of sockets.slice(0, 10)) {
      expect(socket.messages.filter(({ type }) => type === 'error')).toMatchObject([
        {
          id: 's100',
          payload: [{ message: expect.stringContaining('100'), extensions: { code: 'RATE_LIMITED' } }],
        },
      ]);
    }
    sockets[10]!.subscribe('more', INTERVENTIONS);
    await sockets[10]!.settled();
    expect(sockets[10]!.of('more')).toMatchObject([
      {
        type: 'error',
        payload: [{ message: expect.stringContaining('1000'), extensions: { code: 'RATE_LIMITED' } }],
      },
    ]);
    const id = await world.ask();
    await sockets[0]!.until(() =>
      payloads(sockets[0]!, 's99').some(({ data }) => data.interventionUpdates.id === id),
    );
    sockets[0]!.socket.close();
    await sockets[0]!.closed;
    await until('its places are given back', async () => {
      sockets[10]!.subscribe(`again${Math.random()}`, INTERVENTIONS);
      await sockets[10]!.settled();
      return (
        sockets[10]!.messages.filter(({ type }) => type === 'error').length <
        sockets[10]!.messages.filter(({ type }) => type === 'pong').length
      );
    });
    for (const { socket } of sockets) socket.close();
  });
});

describe('sockets that do not behave', () => {
  test('one that never says who it is, is closed, and so is one that asks before it did', async () => {
    const closedWith = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve));
    const silent = new WebSocket(app.wsUrl, 'graphql-transport-ws');
    const hasty = new WebSocket(app.wsUrl, 'graphql-transport-ws');
    hasty.once('open', () =>
      hasty.send('{"id":"1","type":"subscribe","payload":{"query":"{ viewer { roles } }"}}'),
    );
    const nonsense = new WebSocket(app.wsUrl, 'graphql-transport-ws');
    nonsense.once('open', () => nonsense.send('nonsense'));
    const other = new WebSocket(app.wsUrl);
    expect(await Promise.all([silent, hasty, nonsense, other].map(closedWith))).toEqual([
      4408, 4401, 4400, 4406,
    ]);
  });

  test('one that vanishes without a word takes nothing with it and leaves no subscription behind', async () => {
    const live = async () =>
      Number(/^ws_subscriptions (\d+)/m.exec(await (await fetch(`${app.url}/metrics`)).text())?.[1]);
    const before = await live();
    const [gone, stays] = [
      await follow(world.keys.VIEWER, INTERVENTIONS),
      await follow(world.keys.VIEWER, INTERVENTIONS),
    ];
    expect(await live()).toBe(before + 2);
    gone.socket.terminate();
    const id = await world.ask();
    await stays.until(() => stays.shown().some((item) => item.id === id));
    await until('its subscription is given back', async () => (await live()) === before + 1);
    stays.socket.close();
  });
});

describe.runIf(onPostgres)('two replicas', () => {
  test("behaviour 9.3, 2.1: the other one's changes and revocations arrive", async () => {
    const replica = await startApp({ database: await database().replica(), clock: app.clock });
    const { secret, id: keyId } = await makeKey(app, ADMIN_KEY, 'VIEWER', world.id);
    const [changes, status, events] = [
      await follow(secret, INTERVENTIONS, { id: world.teamId }, replica),
      await follow(
        secret,
        'subscription($id: ID) { teamStatusUpdates(teamId: $id) { pendingInterventions } }',
        { id: world.teamId },
        replica,
      ),
      await follow(
        secret,
        'subscription($id: ID) { events(filter: {teamId: $id, types: ["intervention_resolved"]}) { subjectId } }',
        { id: world.teamId },
        replica,
      ),
    ];
    const ids = await Promise.all(Array.from({ length: 20 }, () => world.ask()));
    await Promise.all(ids.map((id) => world.approve(id)));
    await changes.until(() =>
      ids.every((id) => changes.shown().some((item) => item.id === id && item.status === 'RESOLVED')),
    );
    await status.until(() => status.shown().at(-1)?.pendingInterventions === 0);
    await events.until(() => events.shown().length >= 20);
    expect(
      events
        .shown()
        .map(({ subjectId }) => subjectId)
        .sort(),
    ).toEqual([...ids].sort());
    await app.ok(ADMIN_KEY, 'mutation($id: ID!) { revokeApiKey(id: $id) { success errors { code } } }', {
      id: keyId,
    });
    expect((await changes.closed).code).toBe(4403);
    expect((await replica.graphql(secret, '{ viewer { actor { id } } }')).errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
    await replica.stop();
  });
});

describe.runIf(onPostgres)('a database that is shaken', () => {
  test('connections ended under load: requests fail clearly or work, then all works again, subscriptions included', {
    timeout: 60_000,
  }, async () => {
    const socket = await follow(world.keys.VIEWER, INTERVENTIONS, { id: world.teamId });
    const outcomes: string[] = [];
    let going = true;
    // Made before: making one is refused as clearly, and would end its load.
    const sessionIds = await Promise.all(Array.from({ length: 4 }, () => world.session()));
    const load = Promise.all(
      sessionIds.map(async (sessionId) => {
        while (going) {
          const { data, errors } = await app.graphql(
            world.keys.AGENT,
            'mutation($id: ID!) { appendConversationTurn(sessionId: $id, turn: {agentName: "coder", input: "i", response: "r"}) { success errors { code } } }',
            { id: sessionId },
          );
          outcomes.push(
            errors?.[0]?.extensions.code ??
              (data.appendConversationTurn.success ? 'ok' : JSON.stringify(data)),
          );
        }
      }),
    );
    const name = new URL(database().url!).pathname.slice(1);
    for (let n = 0; n < 8; n++) {
      const before = outcomes.length;
      await onServer(
        database().url!,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`,
      );
      await until('requests go on', () => outcomes.length > before + 5);
    }
    going = false;
    await load;
    expect(
      [...new Set(outcomes)].filter((outcome) => !['ok', 'SERVICE_UNAVAILABLE'].includes(outcome)),
    ).toEqual([]);
    expect(outcomes.at(-1)).toBe('ok');
    await until('ready', async () => (await fetch(`${app.url}/readyz`)).ok);
    const id = await world.ask();
    await socket.until(() => socket.shown().some((item) => item.id === id));
    socket.socket.close();
  });
});
