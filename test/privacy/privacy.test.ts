import { describe, expect, test } from 'vitest';
import type { Session } from '../../src/generated/prisma/client.ts';
import { createIds } from '../../src/kernel/ids.ts';
import type { Json } from '../../src/kernel/json.ts';
import { createPrivacy } from '../../src/privacy/privacy.ts';
import { filledIn, idsIn, tokenOf, tokensIn } from '../../src/privacy/tokens.ts';
import type { Place } from '../../src/safety/analyzer.ts';
import type { Change } from '../../src/sessions/aggregate.ts';
import { testClock } from '../support/clock.ts';

const ids = createIds(testClock());
const changeOf = (context: Json, more: Partial<Session> = {}): Change => ({
  session: { id: 'session_x', projectId: 'project_x', initialMessage: '', context, ...more } as Session,
  events: [],
});
const contextOf = (change: Change) => change.session.context as Record<string, unknown>;

async function concealed(
  change: Change,
  findSensitive: (value: Json) => Promise<Place[] | null>,
  settings = {},
) {
  const privacy = createPrivacy({ ids, findSensitive });
  const command = {};
  const first = privacy.conceal(command, change, null, settings);
  if (first !== null) return first;
  await privacy.look(command);
  return privacy.conceal(command, change, null, settings)!;
}
const nothing = async () => [];

describe('what is sensitive of a change (8.8)', () => {
  test('is all of a text that could not be looked at', async () => {
    const change = changeOf({ card: '1234 5678 9012 3456', city: 'Bonn' });
    const kept = await concealed(change, async () => null);
    expect(kept.map(({ value }) => value)).toEqual(['1234 5678 9012 3456']);
    expect(contextOf(change)).toEqual({ card: tokenOf(kept[0]!.id), city: 'Bonn' });
  });

  test('is analysed once, aside, under the name that it stands under', async () => {
    const asked: Json[] = [];
    const change = changeOf({ password: 'correct horse', list: ['mail me @ home'], n: 4_111_111_111 });
    const kept = await concealed(change, async (value) => {
      asked.push(value);
      return [{ path: '$[0].password', start: 8, end: 13 }];
    });
    expect(asked).toEqual([[{ password: 'correct horse' }, { list: 'mail me @ home' }, { n: '4111111111' }]]);
    expect(contextOf(change)).toMatchObject({
      password: `correct ${tokenOf(kept[0]!.id)}`,
      n: 4_111_111_111,
    });
  });

  test('is looked through soon where it is a few words, and aside where it is many', () => {
    const privacy = createPrivacy({ ids, findSensitive: nothing });
    for (const [length, soon] of [
      [100, true],
      [50_000, false],
    ] as const) {
      const command = {};
      const change = changeOf({ text: `mail me @ home ${'x'.repeat(length)}` });
      expect(privacy.conceal(command, change, null, null)).toBeNull();
      expect(privacy.isSoon(command)).toBe(soon);
    }
  });

  test('is not analysed again and again where it is another each time', async () => {
    const privacy = createPrivacy({ ids, findSensitive: nothing });
    const command = {};
    for (let times = 0; ; times++) {
      expect(times).toBeLessThan(10);
      const change = changeOf({ mail: `ada${times}@nordwind-versand.de` });
      const kept = privacy.conceal(command, change, null, null);
      if (kept !== null) {
        expect(kept.map(({ value }) => value)).toEqual([`ada${times}@nordwind-versand.de`]);
        break;
      }
      await privacy.look(command);
    }
  });

  test('is taken out of what was not stored before, and of nothing else', async () => {
    const context = { who: 'x@y.example.org' };
    const change = changeOf(context);
    const before = { session: { ...change.session }, interventions: [], tasks: [], approvals: [] } as never;
    const privacy = createPrivacy({ ids, findSensitive: nothing });
    expect(privacy.conceal({}, change, before, null)).toEqual([]);
    expect(change.session.context).toBe(context);
  });

  test('of two overlapping findings is one, and a token within a text is left alone', async () => {
    const token = tokenOf(ids.next('sealed'));
    const text = `abc def@ghi ${token}`;
    const change = changeOf({ text });
    const kept = await concealed(change, async () => [
      { path: '$[0].text', start: 4, end: 9 },
      { path: '$[0].text', start: 6, end: 11 },
      { path: '$[0].text', start: 13, end: 30 },
    ]);
    expect(kept.map(({ value }) => value)).toEqual(['def@ghi']);
    expect(contextOf(change).text).toBe(`abc ${tokenOf(kept[0]!.id)} ${token}`);
  });
});

describe('words that belong to no session (8.8)', () => {
  const of = { projectId: 'project_x', saidById: 'user_x' };
  const never = () => new Promise<Place[]>(() => {});

  test('are left alone, and not even waited for, where nothing may be in them', async () => {
    const privacy = createPrivacy({ ids, findSensitive: never });
    const words = { reason: 'smoke in the server room', note: null };
    expect(await privacy.takeOut(of, words)).toEqual({ words, kept: [] });
  });

  test('are taken out as far as the finding reaches, and wherever else they say it', async () => {
    const findSensitive = async (): Promise<Place[]> => [{ path: '$[0].reason', start: 3, end: 10 }];
    const privacy = createPrivacy({ ids, findSensitive });
    const { words, kept } = await privacy.takeOut(of, { reason: 'of a@b.com', note: 'to a@b.com, too' });
    expect(kept).toMatchObject([{ ...of, sessionId: null, value: 'a@b.com' }]);
    const token = tokenOf(kept[0]!.id);
    expect(words).toEqual({ reason: `of ${token}`, note: `to ${token}, too` });
  });

  test('are all sensitive where they could not be looked at, or not in time', async () => {
    for (const [findSensitive, within] of [
      [async () => null, undefined],
      [never, 1],
      [() => Promise.reject(new Error('the analyzer is gone')), 60_000],
    ] as const) {
      const privacy = createPrivacy({ ids, findSensitive });
      const { words, kept } = await privacy.takeOut(of, { reason: 'mail me @ home' }, within);
      expect(kept.map(({ value }) => value)).toEqual(['mail me @ home']);
      expect(words).toEqual({ reason: tokenOf(kept[0]!.id) });
    }
  });
});

describe('a token', () => {
  test('is found in texts, keys and at any depth, and filled in as what it stands for', () => {
    const [a, b] = [ids.next('sealed'), ids.next('sealed')];
    const at = new Date(0);
    const value = { [`to ${tokenOf(a)}`]: [tokenOf(b), { x: `${tokenOf(a)}${tokenOf(b)}` }], at };
    expect([...idsIn(value)].sort()).toEqual([a, b].sort());
    const values = new Map<string, Json>([
      [a, 'A'],
      [b, { n: 1 }],
    ]);
    expect(filledIn(value, values)).toEqual({ 'to A': [{ n: 1 }, { x: 'A{"n":1}' }], at });
    expect(filledIn(value, new Map())).toEqual(value);
    expect(tokensIn('no [masked:here]')).toEqual([]);
  });
});
