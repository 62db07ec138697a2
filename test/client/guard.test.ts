import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actionDigest as serverDigest } from '../../src/permits/action-digest.ts';
import { actionDigest, type GuardOptions, NotApproved, type Permitted } from '../../src/client/holdpoint.ts';
import { until } from '../support/until.ts';
import { ADMIN_KEY } from '../support/app.ts';
import { makeServed, type Served } from './server.ts';

let served: Served;
beforeAll(async () => {
  served = await makeServed();
}, 60_000);
afterAll(() => served.close());

interface Mail {
  to: string;
}

/** A tool that remembers what it was called with. */
function tool(answer: (mail: Mail) => unknown = ({ to }) => `sent to ${to}`) {
  const calls: (Permitted & { input: Mail })[] = [];
  return {
    calls,
    run(input: Mail, permitted: Permitted) {
      calls.push({ input, ...permitted });
      return answer(input);
    },
  };
}

async function guarded(of: ReturnType<typeof tool>, more: Partial<GuardOptions<Mail, unknown>> = {}) {
  const sessionId = await served.world.session();
  return {
    sessionId,
    send: served.client().guard(of.run, {
      sessionId,
      agentName: 'mailer',
      action: ({ to }: Mail) => `send a mail to ${to}`,
      review: false,
      ...more,
    }),
  };
}

/** The approval of this kind that is pending in the session. */
async function pending(sessionId: string, kind = 'AGENT_CALL'): Promise<string> {
  let id = '';
  await until('an approval is asked for', async () => {
    const { approvals } = await served.api.ok(
      served.world.keys.OPERATOR,
      'query($id: ID!) { approvals(filter: {sessionId: $id, status: PENDING}) { nodes { id kind } } }',
      { id: sessionId },
    );
    id = approvals.nodes.find((each: { kind: string }) => each.kind === kind)?.id ?? '';
    return id !== '';
  });
  return id;
}

async function respond(id: string, response: object): Promise<void> {
  await served.api.ok(
    served.world.keys.SUPERVISOR,
    'mutation($id: ID!, $response: ApprovalResponseInput!) { respondToApproval(id: $id, response: $response) { success errors { code message } } }',
    { id, response },
  );
}

describe('guard', () => {
  test('runs once a person has approved it, with a permit for exactly that, and not before (5.1, 5.6)', async () => {
    const mail = tool();
    const { send, sessionId } = await guarded(mail);
    const sent = send({ to: 'ada' });
    const id = await pending(sessionId);
    expect(mail.calls).toEqual([]);
    await respond(id, { verdict: 'APPROVE' });
    expect(await sent).toBe('sent to ada');
    expect(mail.calls).toMatchObject([{ input: { to: 'ada' }, approvalId: id }]);
  });

  test('runs the input as its approver edited it, and no other (5.4)', async () => {
    const mail = tool();
    const { send, sessionId } = await guarded(mail);
    const sent = send({ to: 'all@example.com' });
    await respond(await pending(sessionId), { verdict: 'APPROVE', approvedInput: { to: 'ada' } });
    expect(await sent).toBe('sent to ada');
    expect(mail.calls.map(({ input }) => input)).toEqual([{ to: 'ada' }]);
  });

  test('does not run what was rejected, timed out or cancelled, and says why', async () => {
    const mail = tool();
    const { send, sessionId } = await guarded(mail);
    const sent = send({ to: 'all' });
    const id = await pending(sessionId);
    await respond(id, { verdict: 'REJECT', reason: 'too many' });
    await expect(sent).rejects.toBeInstanceOf(NotApproved);
    await expect(sent).rejects.toMatchObject({ status: 'REJECTED', reason: 'too many', approvalId: id });
    expect(mail.calls).toEqual([]);
  });

  test('asked for by two at once under one key, runs in one of them alone', async () => {
    const mail = tool();
    const { send, sessionId } = await guarded(mail);
    const both = [1, 2].map(() => send({ to: 'ada' }, { idempotencyKey: `one ${sessionId}` }));
    await respond(await pending(sessionId), { verdict: 'APPROVE' });
    const ended = await Promise.allSettled(both);
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(ended.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'INVALID_STATE' },
    });
    expect(mail.calls).toHaveLength(1);
  });

  test('does not run by a permit of another issuer', async () => {
    const mail = tool();
    const sessionId = await served.world.session();
    const send = served
      .client({ issuer: 'https://elsewhere.example.com' })
      .guard(mail.run, { sessionId, agentName: 'mailer', action: 'send' });
    const sent = send({ to: 'ada' });
    await respond(await pending(sessionId), { verdict: 'APPROVE' });
    await expect(sent).rejects.toMatchObject({ code: 'PERMIT_INVALID' });
    expect(mail.calls).toEqual([]);
  });

  test('does not run what was swapped on its way, by whoever answers in the place of the server', async () => {
    const mail = tool();
    const sessionId = await served.world.session();
    const swapping: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      const text = await response.text();
      return new Response(text.replaceAll('"to":"ada"', '"to":"eve"'), response);
    };
    class NoSocket extends WebSocket {
      constructor() {
        super('ws://127.0.0.1:9');
      }
    }
    const send = served
      .client({ fetch: swapping, WebSocket: NoSocket as never })
      .guard(mail.run, { sessionId, agentName: 'mailer', action: 'send' });
    const sent = send({ to: 'ada' });
    await respond(await pending(sessionId), { verdict: 'APPROVE' });
    await expect(sent).rejects.toThrow(/wrong_digest/);
    expect(mail.calls).toEqual([]);
  });

  test('holds the estimate and settles what it took (6.1)', async () => {
    const mail = tool();
    const { send, sessionId } = await guarded(mail, {
      estimate: { tokens: 100, cost: '0.5' },
      usage: () => ({ tokens: 70, cost: '0.25' }),
    });
    const sent = send({ to: 'ada' });
    await respond(await pending(sessionId), { verdict: 'APPROVE' });
    await sent;
    const { approvals } = await served.api.ok(
      served.world.keys.OPERATOR,
      'query($id: ID!) { approvals(filter: {sessionId: $id, kind: AGENT_CALL}) { nodes { ... on AgentCallApproval { reservation { status committedTokens committedCost } } } } }',
      { id: sessionId },
    );
    expect(approvals.nodes[0].reservation).toEqual({
      status: 'COMMITTED',
      committedTokens: 70,
      committedCost: '0.2500',
    });
  });

  test('gives a reviewed answer back once it is approved, and not what is to be done again (5.1, 5.3)', async () => {
    const mail = tool(({ to }) => ({ to, subject: 'hello' }));
    const { send, sessionId } = await guarded(mail, { review: true });
    const approve = async (answer: object) => {
      const sent = send({ to: 'ada' });
      await respond(await pending(sessionId), { verdict: 'APPROVE' });
      await respond(await pending(sessionId, 'RESPONSE'), answer);
      return sent;
    };
    expect(await approve({ verdict: 'APPROVE' })).toEqual({ to: 'ada', subject: 'hello' });
    await expect(
      approve({ verdict: 'REQUEST_MODIFICATION', reason: 'politer', modifications: { subject: 'Dear Ada' } }),
    ).rejects.toMatchObject({
      status: 'REQUIRES_MODIFICATION',
      modifications: { subject: 'Dear Ada' },
    });
  });

  test('hands on what the tool throws, and its own signal', async () => {
    const mail = tool(() => {
      throw new Error('no such mailbox');
    });
    const { send, sessionId } = await guarded(mail);
    const sent = send({ to: 'nobody' });
    await respond(await pending(sessionId), { verdict: 'APPROVE' });
    await expect(sent).rejects.toThrow('no such mailbox');
    const { approvals } = await served.api.ok(
      served.world.keys.OPERATOR,
      'query($id: ID!) { approvals(filter: {sessionId: $id}) { nodes { status ... on AgentCallApproval { reservation { status } } } } }',
      { id: sessionId },
    );
    expect(approvals.nodes).toEqual([{ status: 'CANCELLED', reservation: { status: 'RELEASED' } }]);
    const give = new AbortController();
    const waiting = send({ to: 'ada' }, { signal: give.signal });
    await pending(sessionId);
    give.abort(new Error('never mind'));
    await expect(waiting).rejects.toThrow('never mind');
    expect(mail.calls).toHaveLength(1);
  });

  test('digests an action as the server does (RFC 8785)', async () => {
    const action = {
      agentName: 'é',
      proposedAction: '\u{1f680} "x"\n',
      input: { b: [1e21, 1e-7, -0, 5], a: { '\u20ac': null, '\r': true } },
    };
    expect(await actionDigest(action)).toBe(serverDigest(action));
  });
});

describe('an emergency stop', () => {
  async function stop(projectId: string): Promise<void> {
    await served.api.ok(
      ADMIN_KEY,
      'mutation($id: ID!) { triggerEmergencyStop(projectId: $id, reason: "smoke") { success errors { code } } }',
      { id: projectId },
    );
  }
  /** A project of its own: it stays stopped. */
  async function another(name: string) {
    const { makeProject } = await import('../support/world.ts');
    const world = await makeProject(served.api, ADMIN_KEY, name);
    return { world, client: served.client({ token: world.keys.AGENT }) };
  }

  test('calls for the stop that comes, once, also across a torn line, and for one that is in force', async () => {
    const { world, client } = await another('told');
    const told: string[] = [];
    const end = client.onEmergencyStop(world.id, ({ stopReason }) => told.push(stopReason));
    await until('it listens', () => served.line.connections() > 0);
    served.line.cut();
    await stop(world.id);
    served.line.mend();
    await until('it is told', () => told.length > 0);
    expect(told).toEqual(['smoke']);
    const later = new Promise((resolve) => client.onEmergencyStop(world.id, resolve));
    expect(await later).toMatchObject({ stopReason: 'smoke', triggeredConditions: ['MANUAL_STOP'] });
    expect(told).toEqual(['smoke']);
    end();
  });

  test('aborts what runs, and lets nothing that was approved before begin (7.2)', async () => {
    const { world, client } = await another('aborted');
    const sessionId = await world.session();
    let begun = false;
    const run = client.guard(
      (_: object, { signal }: Permitted) =>
        new Promise((_resolve, reject) => {
          begun = true;
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
      { sessionId, agentName: 'coder', action: 'wait' },
    );
    const running = run({});
    await respond2(world.keys.SUPERVISOR, await pending2(world.keys.OPERATOR, sessionId));
    await until('it runs', () => begun);
    await stop(world.id);
    await expect(running).rejects.toMatchObject({ code: 'EMERGENCY_STOPPED' });
    await expect(run({})).rejects.toMatchObject({ code: 'EMERGENCY_STOPPED' });
  });

  async function pending2(key: string, sessionId: string): Promise<string> {
    let id = '';
    await until('an approval is asked for', async () => {
      const { approvals } = await served.api.ok(
        key,
        'query($id: ID!) { approvals(filter: {sessionId: $id, status: PENDING}) { nodes { id } } }',
        { id: sessionId },
      );
      id = approvals.nodes[0]?.id ?? '';
      return id !== '';
    });
    return id;
  }
  async function respond2(key: string, id: string): Promise<void> {
    await served.api.ok(
      key,
      'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE}) { success errors { code message } } }',
      { id },
    );
  }
});

describe('budget.run', () => {
  /** What became of the newest reservation. */
  const newest = async () => {
    const { events } = await served.api.ok(
      served.world.keys.OPERATOR,
      'query($id: ID!) { events(last: 1, filter: {projectId: $id, types: ["budget_reserved"]}) { nodes { data } } }',
      { id: served.world.id },
    );
    const { node } = await served.api.ok(
      served.world.keys.OPERATOR,
      'query($id: ID!) { node(id: $id) { ... on BudgetReservation { status committedTokens committedCost } } }',
      { id: events.nodes[0].data.reservations.at(-1) },
    );
    return node;
  };

  test('does the work with the estimate held, and settles what it says that it spent (6.1)', async () => {
    const { budget } = served.client();
    const projectId = served.world.id;
    const result = await budget.run({ projectId, tokens: 100, cost: '1' }, ({ spent, signal }) => {
      expect(signal.aborted).toBe(false);
      spent({ tokens: 40, cost: '0.2' });
      return 'done';
    });
    expect(result).toBe('done');
    await expect.poll(newest).toEqual({ status: 'COMMITTED', committedTokens: 40, committedCost: '0.2000' });
  });

  test('gives the hold back where the work fails without having spent, and settles what it had', async () => {
    const { budget } = served.client();
    const projectId = served.world.id;
    const failing = (say: boolean) =>
      budget.run({ projectId, tokens: 100, cost: '1' }, ({ spent }) => {
        if (say) spent({ tokens: 7, cost: '0.1' });
        throw new Error('broken');
      });
    await expect(failing(false)).rejects.toThrow('broken');
    await expect.poll(newest).toMatchObject({ status: 'RELEASED' });
    await expect(failing(true)).rejects.toThrow('broken');
    await expect.poll(newest).toEqual({ status: 'COMMITTED', committedTokens: 7, committedCost: '0.1000' });
  });

  test('does nothing past a limit (6.2)', async () => {
    const projectId = served.world.id;
    await served.api.ok(
      ADMIN_KEY,
      'mutation($id: ID!) { setBudgetLimits(projectId: $id, limits: {dailyCost: "0.5"}) { success errors { code message } } }',
      { id: projectId },
    );
    let ran = false;
    const over = served.client().budget.run({ projectId, tokens: 1, cost: '100' }, () => {
      ran = true;
    });
    await expect(over).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
    expect(ran).toBe(false);
  });
});
