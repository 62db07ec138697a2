import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { HoldpointError } from '../../src/client/holdpoint.ts';
import { until } from '../support/until.ts';
import { makeKey } from '../support/world.ts';
import { ADMIN_KEY } from '../support/app.ts';
import { makeServed, type Served } from './server.ts';

let served: Served;
beforeAll(async () => {
  served = await makeServed();
}, 60_000);
afterAll(() => served.close());

const question = (sessionId: string, more: object = {}) => ({
  sessionId,
  agentName: 'coder',
  type: 'DECISION' as const,
  message: 'may I?',
  ...more,
});

/** The one that is pending in this session. */
async function pending(sessionId: string): Promise<string> {
  let id = '';
  await until('something is asked', async () => {
    const { sessionInterventions } = await served.api.ok(
      served.world.keys.OPERATOR,
      'query($id: ID!) { sessionInterventions(sessionId: $id) { id status } }',
      { id: sessionId },
    );
    id = sessionInterventions.find(({ status }: { status: string }) => status === 'PENDING')?.id ?? '';
    return id !== '';
  });
  return id;
}

const deliveryOf = async (id: string): Promise<string> =>
  (
    await served.api.ok(
      served.world.keys.OPERATOR,
      'query($id: ID!) { intervention(id: $id) { delivery } }',
      { id },
    )
  ).intervention.delivery;

async function select(id: string, optionId: string): Promise<void> {
  await served.api.ok(
    served.world.keys.OPERATOR,
    'mutation($id: ID!, $optionId: ID!) { selectInterventionOption(id: $id, optionId: $optionId, reasoning: "because") { success errors { code message } } }',
    { id, optionId },
  );
}

describe('ask', () => {
  const options = [
    { id: 'a', label: 'A', description: 'the first', value: 'one' },
    { id: 'b', label: 'B', description: 'the second', value: 'two' },
  ];

  test('resolves with what a person chose, and says that it has it (3.3, 4.13)', async () => {
    const { id: sessionId } = await served
      .client()
      .createSession({ teamId: served.world.teamId, initialMessage: 'go' });
    const decision = served.client().ask(question(sessionId, { options }));
    const id = await pending(sessionId);
    await select(id, 'b');
    expect(await decision).toMatchObject({
      id,
      status: 'RESOLVED',
      resolution: 'OPTION_SELECTED',
      value: 'two',
      humanResponse: { reasoning: 'because', respondedBy: { kind: 'USER' } },
    });
    await until('it is delivered', async () => (await deliveryOf(id)) === 'DELIVERED');
  });

  test('resolves with TIMEOUT, or CANCELLED, where nobody answers', async () => {
    const sessionId = await served.world.session();
    const cancelled = served.client().ask(question(sessionId));
    await served.api.ok(
      served.world.keys.AGENT,
      'mutation($id: ID!) { cancelIntervention(id: $id) { success errors { code } } }',
      { id: await pending(sessionId) },
    );
    expect(await cancelled).toMatchObject({ status: 'CANCELLED', humanResponse: null, value: null });
    const { id: teamId } = { id: await served.world.team('quick') };
    await served.api.ok(
      ADMIN_KEY,
      'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success errors { message } } }',
      { id: teamId, yaml: 'human_supervision: {global: {timeout: 1, escalation_enabled: false}}' },
    );
    const quick = await served.world.session({ teamId });
    expect(await served.client().ask(question(quick))).toMatchObject({ status: 'TIMEOUT', value: null });
  });

  test('asked again under its key, also by another client, waits for the same decision, before and after it', async () => {
    const sessionId = await served.world.session();
    const ask = () => served.client().ask(question(sessionId, { idempotencyKey: `same ${sessionId}` }));
    const [first, second] = [ask(), ask()];
    const id = await pending(sessionId);
    await served.world.approve(id);
    expect((await first).id).toBe(id);
    expect((await second).id).toBe(id);
    expect(await ask()).toMatchObject({ id, resolution: 'APPROVED' });
    expect(await served.client().decision(id)).toMatchObject({ id, resolution: 'APPROVED' });
  });

  test('waits for more than one socket holds, and none of it by asking again and again', async () => {
    const id = await served.world.ask();
    let [requests, sockets] = [0, 0];
    class Counted extends WebSocket {
      constructor(...given: ConstructorParameters<typeof WebSocket>) {
        super(...given);
        sockets += 1;
      }
    }
    const client = served.client({
      WebSocket: Counted,
      fetch: (...given) => {
        requests += 1;
        return fetch(...given);
      },
    });
    const waits = Array.from({ length: 120 }, () => client.decision(id));
    await until('they wait', () => sockets === 2);
    await served.world.approve(id);
    for (const decision of await Promise.all(waits))
      expect(decision).toMatchObject({ resolution: 'APPROVED' });
    // Each says that the decision is there; none of them asked over HTTP before.
    await until('all of them have said so', () => requests >= 120);
    expect([requests, sockets]).toEqual([120, 2]);
  });

  test('rejects with what the API refuses, by name', async () => {
    const client = served.client();
    await expect(client.ask(question('session_missing'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const sessionId = await served.world.session();
    const long = client.ask(question(sessionId, { message: 'x'.repeat(20_001) }));
    await expect(long).rejects.toMatchObject({ code: 'INVALID_INPUT', faults: [{ path: ['message'] }] });
    await expect(client.decision('intervention_missing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(served.client({ token: 'wrong' }).ask(question(sessionId))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  test('is given up by its signal, and by closing the client; the question stays', async () => {
    const sessionId = await served.world.session();
    const client = served.client();
    const give = new AbortController();
    const asked = client.ask(question(sessionId, { signal: give.signal, idempotencyKey: `up ${sessionId}` }));
    const id = await pending(sessionId);
    give.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    const again = client.decision(id);
    client.close();
    await expect(again).rejects.toMatchObject({ code: 'CLOSED' });
    await served.world.approve(id);
    expect(await served.client().decision(id)).toMatchObject({ resolution: 'APPROVED' });
  });
});

describe('what a wait outlasts', () => {
  test('a line that is torn and dead for a while, with the decision made meanwhile', async () => {
    const sessionId = await served.world.session();
    const asked = served.client().ask(question(sessionId));
    const id = await pending(sessionId);
    served.line.cut();
    await served.world.approve(id);
    served.line.mend();
    expect(await asked).toMatchObject({ id, resolution: 'APPROVED' });
  });

  test('a server that is killed with kill -9 and started anew, with the decision made by the new one', {
    timeout: 60_000,
  }, async () => {
    const sessionId = await served.world.session();
    const asked = served.client().ask(question(sessionId));
    const id = await pending(sessionId);
    await served.kill();
    await served.start();
    await served.world.approve(id);
    expect(await asked).toMatchObject({ id, resolution: 'APPROVED' });
  });

  /** A socket that something in between does not let through. */
  class Blocked extends EventTarget {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSING = 2;
    static readonly CLOSED = 3;
    readyState = Blocked.CONNECTING;
    onerror: ((event: unknown) => void) | null = null;
    onclose: ((event: unknown) => void) | null = null;
    close() {
      this.readyState = Blocked.CLOSED;
      queueMicrotask(() => {
        this.dispatchEvent(new Event('close'));
        this.onclose?.({ code: 1006, reason: 'blocked', wasClean: false });
      });
    }
    send() {}
  }

  test('a network that lets no socket through: it asks over HTTP', async () => {
    class Refused extends Blocked {
      constructor() {
        super();
        this.close();
      }
    }
    const sessionId = await served.world.session();
    const asked = served.client({ WebSocket: Refused as never }).ask(question(sessionId));
    await served.world.approve(await pending(sessionId));
    expect(await asked).toMatchObject({ resolution: 'APPROVED' });
  });

  test('a network that takes a socket and never opens it: it is given up in time', async () => {
    const real = globalThis.setTimeout;
    // What is to come within 10 s comes at once: nothing else is waited for so long.
    const hurried = vi
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation(((run: () => void, after?: number) =>
        real(run, after === 10_000 ? 1 : after)) as never);
    try {
      const sessionId = await served.world.session();
      const asked = served.client({ WebSocket: Blocked as never }).ask(question(sessionId));
      await served.world.approve(await pending(sessionId));
      expect(await asked).toMatchObject({ resolution: 'APPROVED' });
    } finally {
      hurried.mockRestore();
    }
  });

  test('the life of its token: a new one is asked for, once the old one opens nothing any more', async () => {
    const first = await makeKey(served.api, ADMIN_KEY, 'AGENT', served.world.id, 'first');
    const second = await makeKey(served.api, ADMIN_KEY, 'AGENT', served.world.id, 'second');
    let token = first.secret;
    const sessionId = await served.world.session();
    const asked = served.client({ token: async () => token }).ask(question(sessionId));
    const id = await pending(sessionId);
    await until('it waits over a socket', () => served.line.connections() > 0);
    served.line.cut();
    await served.api.ok(
      ADMIN_KEY,
      'mutation($id: ID!) { revokeApiKey(id: $id) { success errors { code } } }',
      { id: first.id },
    );
    token = second.secret;
    await served.world.approve(id);
    served.line.mend();
    expect(await asked).toMatchObject({ id, resolution: 'APPROVED' });
  });

  test('not the revocation of the only credential: that ends it, by name', async () => {
    const key = await makeKey(served.api, ADMIN_KEY, 'AGENT', served.world.id, 'only');
    const sessionId = await served.world.session();
    const asked = served.client({ token: key.secret }).ask(question(sessionId));
    asked.catch(() => {});
    await pending(sessionId);
    await served.api.ok(
      ADMIN_KEY,
      'mutation($id: ID!) { revokeApiKey(id: $id) { success errors { code } } }',
      { id: key.id },
    );
    await expect(asked).rejects.toBeInstanceOf(HoldpointError);
    await expect(asked).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
