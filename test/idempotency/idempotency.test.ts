import { describe, expect, it } from 'vitest';
import { everything, refusal, refusedWithoutTrace, verbs } from '../support/house.ts';
import { withTwoHouses } from '../support/with-house.ts';
import { fingerprintOf } from '../../src/idempotency/idempotency.ts';
import { createSession } from '../../src/sessions/start.ts';

const { database, houses, acts, team } = withTwoHouses();

const [DAY, first] = [24 * 60 * 60, 0];

describe('behaviour 2.8: the same key with the same arguments', () => {
  it('gets the first reply, and nothing happens a second time', async () => {
    const act = acts[first]!;
    const sessionId = await act.start();
    const id = await act.ask(sessionId, { idempotencyKey: 'ask' });
    const before = await everything(houses[0]!);
    expect(await act.ask(sessionId, { idempotencyKey: 'ask' })).toBe(id);
    expect(await everything(houses[0]!)).toEqual(before);
  });

  it('at once from two replicas, in one batch and in several: one effect, one reply', async () => {
    const sessionId = await acts[0]!.start();
    const ids = await Promise.all(
      Array.from({ length: 30 }, (_, at) => acts[at % 2]!.ask(sessionId, { idempotencyKey: 'at once' })),
    );
    expect(new Set(ids).size).toBe(1);
    expect(await houses[0]!.deps.prisma.intervention.count({ where: { sessionId } })).toBe(1);
  });

  it('many keys at once, in opposite orders: each has one effect, and nobody waits for ever', async () => {
    const keys = Array.from({ length: 40 }, (_, at) => `key ${at}`);
    const start = (at: number, idempotencyKey: string) =>
      createSession(houses[at]!.deps, team.agent, {
        teamId: team.teamId,
        initialMessage: 'opposite',
        idempotencyKey,
      });
    const [one, two] = await Promise.all([
      Promise.all(keys.map((key) => start(0, key))),
      Promise.all(keys.toReversed().map((key) => start(1, key))),
    ]);
    expect(two.toReversed().map(({ reply }) => reply)).toEqual(one.map(({ reply }) => reply));
    expect(await houses[0]!.deps.prisma.session.count({ where: { initialMessage: 'opposite' } })).toBe(40);
  });

  it('of an answer: the reply says sessionResumed again, long after the session went on', async () => {
    const act = acts[0]!;
    const sessionId = await act.start();
    const id = await act.ask(sessionId);
    const reply = await act.resolve(id, { idempotencyKey: 'answer' });
    expect(reply).toMatchObject({ sessionResumed: true, resolution: 'APPROVED' });
    await act.ask(sessionId);
    expect(await act.resolve(id, { idempotencyKey: 'answer' })).toEqual(reply);
  });

  it('also where the keys of the arguments’ objects come in another order', () => {
    expect(fingerprintOf({ a: 1, b: { c: 1, d: 2 } })).toBe(
      fingerprintOf({ b: { d: 2, c: 1 }, a: 1, idempotencyKey: 'k' }),
    );
    expect(fingerprintOf({ a: 1 })).not.toBe(fingerprintOf({ a: '1' }));
  });
});

describe('behaviour 2.8: a key', () => {
  it('with other arguments is IDEMPOTENCY_KEY_REUSED, and changes nothing', async () => {
    const act = acts[0]!;
    const sessionId = await act.start();
    await act.ask(sessionId, { idempotencyKey: 'reused' });
    await refusedWithoutTrace(houses[0]!, 'IDEMPOTENCY_KEY_REUSED', () =>
      act.ask(sessionId, { idempotencyKey: 'reused', message: 'another' }),
    );
  });

  it('is one mutation’s and one credential’s', async () => {
    const act = acts[0]!;
    const sessionId = await act.start();
    const id = await act.ask(sessionId, { idempotencyKey: 'shared' });
    expect(await act.resolve(id, { idempotencyKey: 'shared' })).toMatchObject({ interventionId: id });
    const other = { ...team, agent: { ...team.agent, credentialId: 'key_of_another' } };
    expect(await verbs(houses[0]!, other).ask(sessionId, { idempotencyKey: 'shared' })).not.toBe(id);
  });

  it('of a refusal is not remembered', async () => {
    const act = acts[0]!;
    const id = await act.ask(await act.start());
    expect(await refusal(act.escalate(id, { level: 9, idempotencyKey: 'refused' }))).toBe(
      'ESCALATION_EXHAUSTED',
    );
    expect(await act.escalate(id, { level: 1, idempotencyKey: 'refused' })).toMatchObject({
      escalationLevel: 1,
    });
  });

  it('is forgotten after 24 hours, at the instant; a row that is still there then is in nobody’s way', async () => {
    const act = acts[0]!;
    const input = { initialMessage: 'a day', idempotencyKey: 'a day' };
    const id = await act.start(input);
    database().clock.advance(DAY - 1);
    expect(await act.start(input)).toBe(id);
    database().clock.advance(1);
    const again = await Promise.all(Array.from({ length: 10 }, (_, at) => acts[at % 2]!.start(input)));
    expect(again).not.toContain(id);
    expect(new Set(again).size).toBe(1);
    database().clock.advance(DAY + 1);
    expect(await act.start({ ...input, initialMessage: 'other arguments' })).not.toBe(again[0]);
    expect(await houses[0]!.deps.prisma.idempotencyKey.count({ where: { key: 'a day' } })).toBe(1);
  });
});
