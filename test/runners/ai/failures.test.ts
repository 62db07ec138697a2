import { describe, expect, test } from 'vitest';
import { triggerEmergencyStop } from '../../../src/emergency/trigger.ts';
import { addSeconds, type Clock } from '../../../src/kernel/clock.ts';
import type { JsonObject } from '../../../src/kernel/json.ts';
import { cancelSession } from '../../../src/sessions/end.ts';
import { until } from '../../support/until.ts';
import { API_KEY, type Reply, toldOf } from './endpoints.ts';
import { withScene } from './scene.ts';

// What goes wrong with an endpoint or a tool, and what an agent inside makes of it.

const scene = withScene();
const all = () => true;
const done: Reply = { text: 'done after all' };
const OUTPUT = 4_096;

/** The answers to calls of the model, as people saw them, oldest first. */
const answers = async (id: string): Promise<JsonObject[]> =>
  (await scene().approvals(id))
    .filter(({ kind }) => kind === 'RESPONSE')
    .map(({ proposal }) => (proposal as { response: JsonObject }).response);

/** Resolves once something waits for this many seconds from now. */
function waitsOf(clock: Clock) {
  const due: Date[] = [];
  const at = clock.at.bind(clock);
  clock.at = (when, callback) => {
    due.push(when);
    return at(when, callback);
  };
  return (seconds: number) => {
    const then = addSeconds(clock.now(), seconds).getTime();
    return until(`a wait of ${seconds} s`, () => due.some((when) => when.getTime() === then));
  };
}

describe('a model endpoint', () => {
  test('that puts it off (429) is asked again after its Retry-After, and that is one call', async () => {
    scene().attends = all;
    const waits = waitsOf(scene().clock);
    scene().reply = (_, nth) =>
      nth === 1
        ? { status: 429, headers: { 'retry-after': '20' }, body: '{}' }
        : { text: 'done', usage: [10, 1] };
    const id = await scene().start();
    await waits(20);
    scene().clock.advance(20);
    await scene().ends(id, 'COMPLETED');
    expect(await scene().approvals(id)).toHaveLength(2);
    expect(await scene().spent(id)).toEqual([[11, '0.0001']]);
  });

  test('is not asked again before its Retry-After, a date too, is over', async () => {
    scene().attends = all;
    const at = new Date(scene().clock.now().getTime() + 30_000).toUTCString();
    scene().reply = (_, nth) =>
      nth === 1 ? { status: 503, headers: { 'retry-after': at }, body: '{}' } : done;
    const waits = waitsOf(scene().clock);
    const id = await scene().start();
    await waits(30);
    scene().clock.advance(29);
    expect(scene().model.requests).toHaveLength(1);
    scene().clock.advance(1);
    await scene().ends(id, 'COMPLETED');
    expect(scene().model.requests).toHaveLength(2);
  });

  test('whose Retry-After is past the time that the agent has is not waited for', async () => {
    scene().attends = all;
    scene().reply = (_, nth) =>
      nth === 1
        ? { status: 429, headers: { 'retry-after': '121' }, body: '{"error": {"message": "busy"}}' }
        : done;
    const id = await scene().start();
    await scene().ends(id, 'COMPLETED');
    expect(await answers(id)).toEqual([
      { error: 'the model endpoint answered 429: busy', lasting: false },
      expect.objectContaining({ text: 'done after all' }),
    ]);
    expect((await scene().spent(id))[0]).toEqual([0, '0']);
  });

  test('that fails (500) again and again costs nothing, and fails the session after eight calls', async () => {
    scene().attends = all;
    scene().reply = () => ({ status: 500, headers: { 'retry-after': '0' }, body: 'oops' });
    const id = await scene().start();
    await until('the end', async () => {
      scene().clock.advance(0.01);
      return (await scene().session(id)).status === 'FAILED';
    });
    expect((await scene().session(id)).failureReason).toBe(
      'the model gave no answer to use in 8 attempts: the model endpoint answered 500: Internal Server Error',
    );
    // Four times each.
    expect(scene().model.requests).toHaveLength(32);
    expect(await scene().spent(id)).toEqual(Array(8).fill([0, '0']));
  });

  test.each([
    [
      '400',
      { status: 400, body: '{"error": {"message": "too long for this model"}}' },
      '400: too long for this model',
    ],
    [
      '401, whose words are not repeated',
      { status: 401, body: `{"error": {"message": "${API_KEY}"}}` },
      '401',
    ],
    ['404', { status: 404, body: '{"error": {"message": "no such model"}}' }, '404: no such model'],
  ])('that refuses (%s) fails the session at once', async (_, reply, reason) => {
    scene().attends = all;
    scene().reply = () => reply;
    const id = await scene().start();
    expect((await scene().ends(id, 'FAILED')).failureReason).toBe(`the model endpoint answered ${reason}`);
    expect(scene().model.requests).toHaveLength(1);
  });

  test('that hangs is broken off when the agent’s time is over; what had come is paid for', async () => {
    scene().attends = all;
    const never = new Promise(() => {});
    scene().reply = (_, nth) => (nth === 1 ? { text: 'x'.repeat(30), after: never } : done);
    const id = await scene().start(scene().agent({ seconds: 60 }));
    await until('the request', () => scene().model.requests.length === 1);
    await until('it to be broken off', () => {
      scene().clock.advance(10);
      return scene().model.aborted === 1;
    });
    await scene().ends(id, 'COMPLETED');
    const [failure] = await answers(id);
    expect(failure).toEqual({ error: 'the model did not answer within 60 s', lasting: false });
    const [[tokens]] = (await scene().spent(id)) as [[number, string]];
    const [call] = await scene().approvals(id);
    const input = (call!.proposal as unknown as { estimatedTokens: number }).estimatedTokens - OUTPUT;
    expect(tokens).toBeGreaterThanOrEqual(input);
    expect(tokens).toBeLessThanOrEqual(input + 10);
  });

  test.each<[string, Reply, string]>([
    ['breaks its stream off', { text: 'half of', after: 'break' }, "the model's answer broke off"],
    [
      'ends it without an end',
      { raw: [': hello'] },
      "the model's answer can't be read: Response stream ended",
    ],
    [
      'sends no JSON',
      { raw: ['data: {nope', 'data: [DONE]'] },
      "the model's answer can't be read: JSON parsing",
    ],
    ['sends what is no answer', { raw: ['data: {"choices": 7}'] }, "the model's answer can't be read:"],
    ['says too much', { text: 'x'.repeat(140_000) }, "the model's answer is longer than 131072 bytes"],
  ])(
    'that %s is asked again in a call of its own; nothing of the first one is used',
    async (_, reply, reason) => {
      scene().attends = all;
      scene().reply = (__, nth) => (nth === 1 ? reply : done);
      const id = await scene().start();
      expect((await scene().ends(id, 'COMPLETED')).result).toBe('done after all');
      const [failure] = await answers(id);
      expect(failure!.error).toContain(reason);
      expect(failure!.lasting).toBe(false);
      expect(await scene().said(id)).toEqual(['worker: done after all']);
      expect((await scene().spent(id))[0]![0]).toBeGreaterThan(0);
    },
  );

  test('that refuses to answer fails the session with its words', async () => {
    scene().attends = all;
    scene().reply = () => ({ refusal: 'I can’t help with that.' });
    const id = await scene().start();
    expect((await scene().ends(id, 'FAILED')).failureReason).toBe(
      'the model refused: I can’t help with that.',
    );
  });
});

describe('a model that asks for', () => {
  test.each<[string, [string, string | JsonObject], string]>([
    ['a tool that there is not', ['dance', {}], 'there is no tool called "dance"'],
    [
      'a tool that is named like what every object has',
      ['constructor', {}],
      'there is no tool called "constructor"',
    ],
    ['a tool that is named like a prototype', ['__proto__', {}], 'there is no tool called "__proto__"'],
    ['a tool with the wrong arguments', ['look', { to: 7 }], 'arguments/to must be string'],
    ['a tool with what is no JSON', ['look', '{"to": '], 'the arguments are not JSON'],
    ['a person without a question', ['ask_human', {}], "arguments must have required property 'message'"],
  ])('%s is told so; nobody is asked about it and nothing is sent', async (_, call, reason) => {
    scene().attends = all;
    scene().reply = (request, nth) =>
      nth === 1 ? { tools: [call] } : { tools: [['finish', { result: toldOf(request) }]] };
    const id = await scene().start(scene().agent({ tools: [scene().tool('look')] }));
    expect((await scene().ends(id, 'COMPLETED')).result).toEqual([
      { status: 'not_made', reason: expect.stringContaining(reason) },
    ]);
    expect(scene().tools.requests).toEqual([]);
    expect((await scene().approvals(id)).filter(({ kind }) => kind === 'AGENT_CALL')).toHaveLength(2);
  });

  test('more calls at once than are made is told which are not', async () => {
    scene().attends = all;
    scene().reply = (request, nth) =>
      nth === 1
        ? { tools: Array.from({ length: 17 }, () => ['report_progress', { type: 'on' }]) }
        : { tools: [['finish', { result: toldOf(request).map(({ status }) => status) as string[] }]] };
    const id = await scene().start();
    expect((await scene().ends(id, 'COMPLETED')).result).toEqual([...Array(16).fill('noted'), 'not_made']);
  });
});

describe('a tool', () => {
  test.each<[string, Parameters<ReturnType<typeof scene>['act']>[0]['path'], string]>([
    ['fails', '/fails', 'the tool answered 503: busy'],
    ['redirects', '/moved', 'the tool answered 302'],
    ['says too much', '/endless', "the tool's answer is longer than 65536 bytes"],
  ])('that %s is told to the model as its answer, and is not called again', async (_, path, error) => {
    scene().attends = all;
    scene().act = () =>
      path === '/fails'
        ? { status: 503, body: 'busy' }
        : path === '/moved'
          ? { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }
          : { body: 'x'.repeat(70_000) };
    scene().reply = (request, nth) =>
      nth === 1 ? { tools: [['look', { to: 'x' }]] } : { tools: [['finish', { result: toldOf(request) }]] };
    const id = await scene().start(scene().agent({ tools: [scene().tool('look', { cost: '0.5' })] }));
    expect((await scene().ends(id, 'COMPLETED')).result).toEqual([{ status: 'done', response: { error } }]);
    expect(scene().tools.requests).toHaveLength(1);
    // Nobody knows what it cost: what was held counts.
    expect((await scene().spent(id))[1]).toEqual([0, '0.5']);
  });

  test('that does not answer is broken off after 120 s', async () => {
    scene().attends = all;
    const never = new Promise<never>(() => {});
    scene().act = () => never;
    scene().reply = (request, nth) =>
      nth === 1 ? { tools: [['look', { to: 'x' }]] } : { tools: [['finish', { result: toldOf(request) }]] };
    const id = await scene().start(scene().agent({ tools: [scene().tool('look')] }));
    await until('the call', () => scene().tools.requests.length === 1);
    await until('the end', async () => {
      scene().clock.advance(1);
      return (await scene().session(id)).status === 'COMPLETED';
    });
    expect((await scene().session(id)).result).toEqual([
      { status: 'done', response: { error: 'the tool did not answer within 120 s' } },
    ]);
  });
});

describe('in the middle of a stream', () => {
  const never = new Promise(() => {});
  const underway = async () => {
    scene().attends = all;
    scene().reply = (_, nth) => (nth === 1 ? { text: 'half of it', after: never } : done);
    const id = await scene().start();
    await until('the request', () => scene().model.requests.length === 1);
    return id;
  };

  test('(7.3) an emergency stop breaks it off, and what it took is counted', async () => {
    const id = await underway();
    const { house } = scene();
    await triggerEmergencyStop(house.emergency, house.person, {
      projectId: house.projectId,
      reason: 'enough',
      severity: 'HIGH',
    });
    await until('it to be broken off', () => scene().model.aborted === 1);
    await until('the worker to let go', () => house.worker.driver.running() === 0);
    expect((await scene().session(id)).status).toBe('HALTED');
    expect(await scene().said(id)).toEqual([]);
    const [[tokens]] = (await scene().spent(id)) as [[number, string]];
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThan(OUTPUT);
  });

  test('the end of the session breaks it off', async () => {
    const id = await underway();
    await cancelSession(scene().house.deps, scene().house.person, id, null);
    await until('it to be broken off', () => scene().model.aborted === 1);
    expect(await scene().said(id)).toEqual([]);
  });

  test('(1.7) a worker that stops breaks it off, and another one asks anew once people have seen what became of it', async () => {
    const id = await underway();
    scene().attends = (call) => call.action !== 'Ask the model m';
    await scene().house.worker.stop(100);
    await until('it to be broken off', () => scene().model.aborted === 1);
    await scene().beside();
    const { id: failure, proposal } = await scene().waiting(id);
    expect(proposal.response).toEqual({ error: 'the worker is stopping', lasting: false });
    scene().attends = all;
    await scene().vote(failure);
    expect((await scene().ends(id, 'COMPLETED')).result).toBe('done after all');
    expect(scene().model.requests).toHaveLength(2);
  });
});
