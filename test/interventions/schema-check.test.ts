import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerFaults } from '../../src/interventions/schema-check.ts';
import { schemaFault } from '../../src/kernel/json-schema.ts';

/** Each test has all the patience there is: what the ones before it took was ten seconds ago. */
const now = performance.now.bind(performance);
let later = 0;
const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + later);
beforeEach(() => {
  later += 10_000;
});
afterAll(() => clock.mockRestore());

const messages = (schema: unknown, answer: unknown) =>
  answerFaults(schema, answer, ['answer']).map(({ message }) => message);
const paths = (schema: unknown, answer: unknown) =>
  answerFaults(schema, answer, ['answer']).map(({ path }) => path);

describe('behaviour 4.7: an answer is checked against the responseSchema', () => {
  it('tells the path of each fault, steps unescaped, missing properties among them', () => {
    const schema = {
      type: 'object',
      required: ['name'],
      properties: { 'a/b~c': { type: 'array', items: { type: 'integer' } } },
    };
    expect(paths(schema, { 'a/b~c': [1, 'two'] })).toEqual([
      ['answer', 'name'],
      ['answer', 'a/b~c', '1'],
    ]);
    expect(answerFaults(schema, { name: 'x' }, ['answer'])).toEqual([]);
  });

  it('holds each property to its own pattern, in one schema and across schemas', () => {
    const one = {
      properties: { a: { pattern: '^a+$' }, b: { pattern: '^b+$' } },
      patternProperties: { '^n': { type: 'number' } },
    };
    expect(paths(one, { a: 'aa', b: 'bb', n1: 1 })).toEqual([]);
    expect(paths(one, { a: 'bb', b: 'aa', n1: 'x' })).toHaveLength(3);
    expect(paths({ properties: { c: { pattern: '^c+$' } } }, { c: 'ccc' })).toEqual([]);
    expect(paths({ properties: { c: { pattern: '^c+$' } } }, { c: 'aaa' })).toEqual([['answer', 'c']]);
  });

  it.each([
    [
      '2020-12 as generators write it',
      { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] },
    ],
    ['draft-07 by name', { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] }],
    ['none named: 2020-12', { prefixItems: [{ type: 'string' }] }],
  ])('understands the dialect: %s', (_, schema) => {
    expect(schemaFault(schema)).toBeNull();
    expect(paths(schema, [1])).toEqual([['answer', '0']]);
  });

  it('understands references to itself, by $defs, and by an $id of its own', () => {
    const tree = { type: 'object', properties: { next: { $ref: '#' } } };
    expect(paths(tree, { next: { next: 1 } })).toEqual([['answer', 'next', 'next']]);
    const named = {
      $id: 'https://example.com/s',
      $defs: { n: { type: 'number' } },
      properties: { x: { $ref: 'https://example.com/s#/$defs/n' } },
    };
    expect(paths(named, { x: 'y' })).toEqual([['answer', 'x']]);
  });

  it.each([
    ['no object', 'text'],
    ['a list', []],
    ['an unknown type', { type: 'objekt' }],
    ['a reference that leads nowhere', { $ref: '#/$defs/gone' }],
    ['a reference to another host', { $ref: 'https://example.com/schema.json' }],
    ['a pattern that needs backtracking', { pattern: '(?=a)b' }],
    ['a pattern that repeats without end of memory', { pattern: '((a{1000}){1000}){1000}' }],
    ['an unknown dialect', { $schema: 'https://example.com/mine' }],
  ])('refuses a schema with %s, and says why', (_, schema) => {
    expect(schemaFault(schema)).toMatch(/^(must be|is not a usable JSON Schema: .)/);
  });
});

describe('a schema of a hostile agent', () => {
  it('cannot make an answer valid by being $async', () => {
    expect(messages({ $async: true, type: 'string' }, 1)).toEqual(['answer must be string']);
  });

  it('cannot speak for another schema by taking its $id', () => {
    const one = { properties: { x: { $id: 'https://example.com/x', type: 'string' } } };
    const other = { properties: { x: { $id: 'https://example.com/x', type: 'number' } } };
    expect([schemaFault(one), schemaFault(other)]).toEqual([null, null]);
    expect(paths(one, { x: 1 })).toHaveLength(1);
    expect(paths(other, { x: 1 })).toEqual([]);
    expect(schemaFault({ $ref: 'https://example.com/x' })).not.toBeNull();
  });

  it('compiles each part once, though thousands of references name it', () => {
    const part = {
      properties: Object.fromEntries(
        Array.from({ length: 100 }, (_, at) => [`p${at}`, { type: 'string', minLength: 3 }]),
      ),
    };
    const all = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`q${at}`, { $ref: '#/$defs/part' }]),
    );
    const before = process.memoryUsage().rss;
    expect(schemaFault({ $defs: { part }, properties: all })).toBeNull();
    // Copied in at each reference, these few kilobytes took most of a gigabyte.
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
  });

  it('is broken off where its references go round in a circle', () => {
    expect(messages({ $ref: '#' }, {})).toEqual([expect.stringMatching(/cannot be checked/)]);
  });

  it('tells twenty faults at most', () => {
    expect(
      messages(
        { items: { type: 'string' } },
        Array.from({ length: 5_000 }, () => 1),
      ),
    ).toHaveLength(20);
  });

  it('takes keys such as __proto__ for the data that they are', () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"}}}',
    );
    expect(schemaFault(schema)).toBeNull();
    expect(paths(schema, JSON.parse('{"constructor":1}'))).toEqual([['answer', 'constructor']]);
    expect(paths(schema, {})).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

// Last: they leave little time to what comes right after them.
describe('behaviour 4.7: a check that holds everybody else up', () => {
  const $defs: Record<string, unknown> = { d40: { type: 'object' } };
  for (let at = 0; at < 40; at += 1)
    $defs[`d${at}`] = { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] };
  const endless = { $defs, $ref: '#/$defs/d0' };

  it('is broken off where it would take for ever', () => {
    expect(schemaFault(endless)).toBeNull();
    // `late` says nothing of the value: a turn that met it is put off, and its session not ended.
    const message = expect.stringMatching(/cannot be checked .* longer than 250 ms/);
    expect(answerFaults(endless, {}, ['answer'])).toMatchObject([{ message, late: true }]);
  });

  it('is broken off where it compares everything with everything', () => {
    const different = Array.from({ length: 60_000 }, (_, at) => ({ at }));
    expect(messages({ uniqueItems: true }, different)).toEqual([expect.stringMatching(/longer than 250 ms/)]);
  });

  it('leaves less time to those that come after it, and enough to an ordinary one', () => {
    // What they took is told here: how busy the machine is, and what was checked before, is no matter.
    let now = performance.now() + 60_000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 60));
    try {
      expect(messages(endless, {})).toEqual([expect.stringMatching(/longer than 250 ms/)]);
      for (let at = 0; at < 10; at += 1) messages(endless, {});
      expect(messages(endless, {})).toEqual([expect.stringMatching(/longer than 25 ms/)]);
      // One of them is not held up by others on the machine.
      const ordinary = Array.from({ length: 10 }, () =>
        messages({ type: 'object', required: ['name'] }, { name: 'x' }),
      );
      expect(ordinary).toContainEqual([]);
    } finally {
      clock.mockRestore();
    }
  });
});
