import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/kernel/json.ts';
import { analyze, inServer } from '../../src/safety/analyze.ts';
import type { Analyzer, Finding, Subject } from '../../src/safety/analyzer.ts';
import { testClock } from '../support/clock.ts';

const analyzer = (name: string, run: (subject: Subject, signal: AbortSignal) => unknown): Analyzer => ({
  name,
  looksAt: ['RESPONSE'],
  analyze: async (subject, signal) => run(subject, signal) as readonly Finding[],
});
const finding = (more: Partial<Finding> = {}): Finding => ({
  category: 'CONTENT',
  code: 'found',
  level: 'LOW',
  message: 'It is there',
  ...more,
});
const ask = (value: Json, analyzers: Analyzer[], clock = testClock()) =>
  analyze({ kind: 'RESPONSE', agentType: null, instructions: null, value }, analyzers.map(inServer), {
    clock,
    limitSeconds: 5,
  });

describe('an analysis (5.8)', () => {
  it('runs all analyzers of its kind side by side, the gravest flag first', async () => {
    const both = Promise.withResolvers<void>();
    let begun = 0;
    const meets = (level: 'LOW' | 'HIGH') => async () => {
      if (++begun === 2) both.resolve();
      await both.promise;
      return [finding({ level })];
    };
    const other: Analyzer = { ...analyzer('inputs', () => [finding()]), looksAt: ['INPUT'] };
    const { flags, coverage } = await ask('x', [
      analyzer('a', meets('LOW')),
      analyzer('b', meets('HIGH')),
      other,
    ]);
    expect(flags.map(({ level }) => level)).toEqual(['HIGH', 'LOW']);
    expect(coverage).toBe(1);
  });

  it.each([
    [
      'throws at once',
      () => {
        throw new Error('broken');
      },
      /failed: broken/,
    ],
    ['rejects', () => Promise.reject(new Error('broken')), /failed: broken/],
    ['rejects with what is no error', () => Promise.reject('broken'), /no error/],
    ['answers nothing', () => undefined, /no findings/],
    ['answers a text', () => 'all is well', /no findings/],
    ['makes a level up', () => [{ ...finding(), level: 'FATAL' }], /0 level/],
    ['makes a category up', () => [{ ...finding(), category: 'WEATHER' }], /0 category/],
    ['has no stable code', () => [finding({ code: 'Something odd!' })], /0 code/],
    ['points at less than nothing', () => [finding({ where: { path: '$', start: -1, end: 2 } })], /start/],
  ])('flags an analyzer that %s, and keeps what the others found', async (_, run, why) => {
    const { flags, coverage } = await ask('x', [analyzer('odd', run), analyzer('good', () => [finding()])]);
    expect(flags).toEqual([
      {
        category: 'POLICY',
        code: 'analyzer_failed',
        level: 'HIGH',
        message: expect.stringMatching(why),
        evidence: null,
      },
      { category: 'CONTENT', code: 'found', level: 'LOW', message: 'It is there', evidence: null },
    ]);
    expect(coverage).toBe(0.5);
  });

  it('flags one that is late, and aborts its signal', async () => {
    const clock = testClock();
    let aborted = false;
    const late = analyzer('late', (_, signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => {});
    });
    const answer = ask('x', [late, analyzer('good', () => [finding()])], clock);
    await new Promise(setImmediate);
    clock.advance(4.9);
    expect(aborted).toBe(false);
    clock.advance(0.2);
    expect((await answer).flags.map(({ code }) => code)).toEqual(['analyzer_failed', 'found']);
    expect(aborted).toBe(true);
  });

  it('shows every string, at any depth, and the names of members', async () => {
    let seen: Subject | null = null;
    const look = analyzer('look', (subject) => ((seen = subject), []));
    await ask({ a: [{ 'odd name': 'x' }, 'y'], "it's": null, n: 4716300218457721 }, [look]);
    expect(seen!.texts.map(({ path, text, isKey }) => `${isKey ? 'key ' : ''}${path} ${text}`)).toEqual([
      'key $.a a',
      "key $.a[0]['odd name'] odd name",
      "$.a[0]['odd name'] x",
      '$.a[1] y',
      "key $['it\\'s'] it's",
      'key $.n n',
      '$.n 4716300218457721',
    ]);
  });

  it('says so of a value that is too large or too deep, and shows it to nobody', async () => {
    const never = analyzer('never', () => expect.unreachable());
    const deep = Array.from({ length: 100 }).reduce<Json>((inner) => [inner], 'x');
    for (const value of ['x'.repeat(400_000), deep]) {
      const { flags, coverage } = await ask(value, [never]);
      expect(flags.map(({ category, code, level }) => [category, code, level])).toEqual([
        ['POLICY', 'not_analysed', 'HIGH'],
      ]);
      expect(coverage).toBe(0);
    }
  });

  it('takes the largest input of the API: 256 kB with its action (10.3)', async () => {
    const { coverage } = await ask({ action: 'a'.repeat(20_000), input: 'x'.repeat(256 * 1024 - 2) }, [
      analyzer('a', () => []),
    ]);
    expect(coverage).toBe(1);
  });

  it('shows five of a kind, and counts the rest', async () => {
    const many = analyzer('many', () => Array.from({ length: 9 }, () => finding()));
    const { flags } = await ask('x', [many]);
    expect(flags).toHaveLength(5);
    expect(flags.at(-1)!.message).toBe('It is there, and 4 more like it');
  });

  it('cuts the evidence out of the text that a finding points at, and says where it stands', async () => {
    const points = analyzer('points', () => [finding({ where: { path: '$.a[1]', start: 4, end: 9 } })]);
    const { flags } = await ask({ a: ['', 'one\ntwo\tthree'] }, [points]);
    expect(flags[0]).toMatchObject({ message: 'It is there (at $.a[1])', evidence: 'two t' });
  });

  it('has no evidence for a place that does not exist', async () => {
    const lost = analyzer('lost', () => [finding({ where: { path: '$.b', start: 0, end: 9 } })]);
    expect((await ask({ a: 'x' }, [lost])).flags[0]!.evidence).toBeNull();
  });
});
