import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Connection } from '../../src/client/connection.ts';
import { createEmergencyStops } from '../../src/client/emergency.ts';
import { actionDigest, holdpoint } from '../../src/client/holdpoint.ts';
import { createPermitChecks } from '../../src/client/permit.ts';
import { until } from '../support/until.ts';
import { makeServed, type Served } from './server.ts';

// What would go on for ever, or end what it should not, if nobody told one from the other: the caller's own faults, and
// those of whatever the client is given.

const url = 'http://127.0.0.1:1';

describe('a fault of the caller is told at once, and not taken for a server that is away:', () => {
  const session = { teamId: 'team_1', initialMessage: 'x' };

  test.each([['127.0.0.1:4000'], ['nowhere'], ['ws://127.0.0.1'], ['']])('the url %j', (given) => {
    expect(() => holdpoint({ url: given, token: 'x' })).toThrow(/url must be an http\(s\) address/);
  });

  test.each([['hp_…'], [''], [undefined], ['a b'], ['a\nb']])('the token %j', async (token) => {
    await expect(holdpoint({ url, token: token as string }).createSession(session)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: /the token is missing/,
    });
    await expect(
      holdpoint({ url, token: () => token as string }).createSession(session),
    ).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a function that cannot give a token at all', async () => {
    const token = () => Promise.reject(new Error('no such secret'));
    await expect(holdpoint({ url, token }).createSession(session)).rejects.toThrow('no such secret');
  });

  test('what JSON cannot say', async () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const context of [{ n: 1n }, cycle])
      await expect(
        holdpoint({ url, token: 'x' }).createSession({ ...session, context }),
      ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('with a server', () => {
  let served: Served;
  beforeAll(async () => {
    served = await makeServed();
  }, 60_000);
  afterAll(() => served.close());

  const question = { agentName: 'a', type: 'DECISION' as const, message: 'may I?' };

  test('whoever gives the tokens may be away as well, while a question waits', async () => {
    let away = false;
    let refused = 0;
    const client = served.client({
      token() {
        if (!away) return served.world.keys.AGENT;
        refused += 1;
        throw new TypeError('fetch failed');
      },
    });
    const sessionId = await served.world.session();
    const asked = client.ask({ ...question, sessionId });
    const id = await pendingIn(sessionId);
    await until('it waits over a socket', () => served.line.connections() > 0);
    away = true;
    served.line.tear();
    await until('no token is had', () => refused > 1);
    away = false;
    await served.world.approve(id);
    expect(await asked).toMatchObject({ id, resolution: 'APPROVED' });
  });

  test('a client that is closed as soon as it has its answer still says that it has it (4.13)', async () => {
    const sessionId = await served.world.session();
    const client = served.client();
    const asked = client.ask({ ...question, sessionId });
    const id = await pendingIn(sessionId);
    await served.world.approve(id);
    await asked;
    client.close();
    await until('it is delivered', async () => {
      const { intervention } = await served.api.ok(
        served.world.keys.OPERATOR,
        'query($id: ID!) { intervention(id: $id) { delivery } }',
        { id },
      );
      return intervention.delivery === 'DELIVERED';
    });
  });

  async function pendingIn(sessionId: string): Promise<string> {
    let id: string | undefined;
    await until('something is asked', async () => {
      const { sessionInterventions } = await served.api.ok(
        served.world.keys.OPERATOR,
        'query($id: ID!) { sessionInterventions(sessionId: $id) { id } }',
        { id: sessionId },
      );
      id = sessionInterventions[0]?.id;
      return id !== undefined;
    });
    return id!;
  }
});

describe('a permit', () => {
  const action = { agentName: 'a', proposedAction: 'do it', input: { n: 1 } };

  async function permitted(fetchJson: (jwks: object) => Connection['fetchJson']) {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] };
    const permit = await new SignJWT({ digest: await actionDigest(action), project: 'project_1' })
      .setProtectedHeader({ alg: 'ES256', typ: 'permit+jwt', kid: 'k' })
      .setIssuer(url)
      .setSubject('approval_1')
      .setJti('j')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    const checks = createPermitChecks({ url, fetchJson: fetchJson(jwks) } as unknown as Connection, url);
    return (approvalId: string) => checks.assertPermits(permit, { ...action, approvalId });
  }

  test('of another approval is none, though it is for the very same action', async () => {
    const check = await permitted((jwks) => async () => jwks as never);
    await check('approval_1');
    await expect(check('approval_2')).rejects.toMatchObject({ code: 'PERMIT_INVALID' });
  });

  test('waits for the keys while the server is away', async () => {
    let attempts = 0;
    const fetch = async () => {
      attempts += 1;
      if (attempts === 1) throw new TypeError('fetch failed');
      if (attempts === 2) return new Response('<html>', { status: 502 });
      if (attempts === 3) return new Response('<html>');
      return Response.json({ keys: [] });
    };
    const { connect } = await import('../../src/client/connection.ts');
    const connection = connect({ url, token: 'x', fetch: fetch as typeof globalThis.fetch });
    expect(await connection.fetchJson('/keys', undefined)).toEqual({ keys: [] });
    const give = new AbortController();
    give.abort(new Error('enough'));
    attempts = 0;
    await expect(connection.fetchJson('/keys', give.signal)).rejects.toThrow('enough');
  });
});

test('a listener that throws keeps no other from hearing of a stop, nor of the next one', async () => {
  const stop = (id: string) => ({ emergencyStatus: { stop: { id, stopReason: 'x' } } });
  const answers = [stop('stop_1'), stop('stop_2')];
  const second = Promise.withResolvers<IteratorResult<unknown>>();
  let events = 0;
  const connection = {
    closed: new AbortController().signal,
    overSocket: async () => answers.shift(),
    subscribe: () => ({ next: () => (events++ === 0 ? second.promise : new Promise(() => {})) }),
  } as unknown as Connection;
  const thrown: unknown[] = [];
  const own = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
    try {
      callback();
    } catch (error) {
      thrown.push(error);
    }
  });
  const stops = createEmergencyStops(connection, (error) => thrown.push(error));
  const heard: string[] = [];
  stops.onStop('project_1', () => {
    throw new Error('mine');
  });
  stops.onStop('project_1', ({ id }) => heard.push(id));
  await until('the first', () => heard.length === 1);
  second.resolve({ done: false, value: null });
  await until('the second', () => heard.length === 2);
  own.mockRestore();
  expect(heard).toEqual(['stop_1', 'stop_2']);
  expect(thrown.map(String)).toEqual(['Error: mine', 'Error: mine']);
});
