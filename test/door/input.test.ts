import { describe, expect, test } from 'vitest';
import type { Answer, Variables } from '../support/app.ts';
import { app, world } from './desk.ts';

describe('behaviour 10.2: scalars', () => {
  const echo = async (context: unknown) => {
    const { createSession } = await app.ok(
      world.keys.AGENT,
      'mutation($id: ID!, $context: JSON) { createSession(input: {teamId: $id, initialMessage: "m", context: $context}) { success errors { message } session { context } } }',
      { id: world.teamId, context },
    );
    return createSession.session.context;
  };
  test('JSON survives as data, whatever its keys and characters', async () => {
    const text =
      '{"__proto__":{"polluted":true},"constructor":{"prototype":1},"":0,"a\\"b\\\\":[null,true,1.5,-0.1,1e21,"\\u2028\\ud83d\\ude80"],"日本":"\\u0001\\u007f"}';
    const value = JSON.parse(text);
    const shown = await echo(value);
    expect(Object.keys(shown).sort()).toEqual(Object.keys(value).sort());
    expect(JSON.stringify(Object.entries(shown).sort())).toBe(JSON.stringify(Object.entries(value).sort()));
    expect(({} as any).polluted).toBeUndefined();
  });

  test("a literal's __proto__ is a key like any other, with variables inside it", async () => {
    const { createSession } = await app.ok(
      world.keys.AGENT,
      'mutation($id: ID!, $v: Int) { createSession(input: {teamId: $id, initialMessage: "m", context: {__proto__: {x: $v}, list: [1, {y: "é"}], e: RED}}) { success errors { message } session { context } } }',
      { id: world.teamId, v: 7 },
    );
    expect(JSON.stringify(Object.entries(createSession.session.context).sort())).toBe(
      '[["__proto__",{"x":7}],["e","RED"],["list",[1,{"y":"é"}]]]',
    );
  });

  test("an answer's metadata may not reach a prototype nor a reserved key", async () => {
    const sessionId = await world.session();
    const id = await world.ask({
      sessionId,
      options: [
        {
          id: 'a',
          label: 'a',
          description: '',
          value: 'a',
          metadata: JSON.parse('{"__proto__":{"p":1},"approval_granted":true,"own":1}'),
        },
      ],
    });
    await app.ok(
      world.keys.OPERATOR,
      'mutation($id: ID!) { selectInterventionOption(id: $id, optionId: "a") { success errors { code } } }',
      { id },
    );
    const { session } = await app.ok(world.keys.VIEWER, 'query($id: ID!) { session(id: $id) { context } }', {
      id: sessionId,
    });
    expect(Object.keys(session.context)).toEqual(expect.arrayContaining(['own', '__proto__']));
    expect(session.context).not.toHaveProperty('approval_granted');
  });

  test.each(['a\0b', '\ud800', 'x\udc00y'])(
    'NUL and lone surrogates are BAD_USER_INPUT, in values, keys and names (%j)',
    async (bad) => {
      for (const context of [{ a: bad }, { [bad]: 1 }, { a: [{ b: { c: bad } }] }])
        expect(
          (
            await app.graphql(
              world.keys.AGENT,
              'mutation($c: JSON) { createSession(input: {teamId: "t", initialMessage: "m", context: $c}) { success } }',
              { c: context },
            )
          ).errors,
        ).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
      for (const name of ['search', 'agentName', 'teamId'])
        expect(
          (
            await app.graphql(
              world.keys.VIEWER,
              `query($f: InterventionFilter) { interventions(filter: $f) { totalCount } }`,
              { f: { [name]: bad } },
            )
          ).errors,
        ).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    },
  );

  describe('numbers', () => {
    const create = 'createSession(input: {teamId: $id, initialMessage: "m", context: ';
    const shown = ') { success errors { message } session { context } }';
    /** By hand: JavaScript's own writer has no text for what is tested here. */
    const post = async (query: string, variables: string) => {
      const response = await fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${world.keys.AGENT}` },
        body: `{"query": ${JSON.stringify(query)}, "variables": ${variables}}`,
      });
      return (await response.json()) as Answer;
    };

    test.each(['1e999', '-1e999', '1'.repeat(400), '10e308'])(
      'one that no double holds is BAD_USER_INPUT, told by its place at any depth (10.2): %s',
      async (number) => {
        const document = `mutation($id: ID!, $c: JSON) { ${create}$c}${shown} }`;
        const inVariables: [string, string][] = [
          [number, 'variables.c'],
          [`{"a": ${number}}`, 'variables.c.a'],
          [`{"a": [0, {"b": ${number}}]}`, 'variables.c.a.1.b'],
        ];
        for (const [context, place] of inVariables) {
          const { errors } = await post(document, `{"id": "${world.teamId}", "c": ${context}}`);
          expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
          expect(errors![0]!.message).toBe(`${place} holds a number that is too large.`);
        }
        for (const literal of [number, `{a: ${number}}`, `{a: [0, {b: ${number}}]}`]) {
          const inText = `mutation($id: ID!) { ${create}${literal}}${shown} }`;
          const { errors } = await post(inText, `{"id": "${world.teamId}"}`);
          expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
          expect(errors![0]!.message).toContain(`column ${inText.indexOf(number) + 1}`);
        }
        const byDefault = `mutation($id: ID!, $c: JSON = {a: ${number}}) { ${create}$c}${shown} }`;
        expect((await post(byDefault, `{"id": "${world.teamId}"}`)).errors).toMatchObject([
          { extensions: { code: 'BAD_USER_INPUT' } },
        ]);
      },
    );

    test('those that JSON can hold come back as JSON has them: -0 as 0, long integers as far as a double goes', async () => {
      const context =
        '{"zero": -0, "long": 12345678901234567890, "least": 5e-324, "most": 1.7976931348623157e308}';
      const { data } = await post(
        `mutation($id: ID!, $c: JSON) { ${create}$c}${shown} }`,
        `{"id": "${world.teamId}", "c": ${context}}`,
      );
      expect(data.createSession.session.context).toEqual({
        zero: 0,
        long: Number('12345678901234567890'),
        least: 5e-324,
        most: Number.MAX_VALUE,
      });
    });

    test.each(['2147483648', '-2147483649', '1.5', '1e40'])('%s is no Int', async (number) => {
      const escalate = (level: string) =>
        `escalateIntervention(id: "x", escalation: {reason: "r", level: ${level}}) { success }`;
      const asVariable = await app.graphql(
        world.keys.OPERATOR,
        `mutation($level: Int) { ${escalate('$level')} }`,
        { level: Number(number) },
      );
      expect(asVariable.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
      const inText = await app.graphql(world.keys.OPERATOR, `mutation { ${escalate(number)} }`);
      expect(inText.errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    });
  });

  const since = (from: unknown) =>
    app.graphql(
      world.keys.VIEWER,
      'query($from: DateTime) { interventions(filter: {createdAt: {from: $from}}) { totalCount } }',
      { from },
    );
  test.each([
    '2026-01-31T09:30:00Z',
    '2026-01-31t09:30:00.123456789z',
    '2026-01-31T09:30:00+14:00',
    '2024-02-29T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ])('the instant %s is taken', async (from) => {
    expect((await since(from)).errors).toBeUndefined();
  });
  test.each([
    '2026-01-31',
    '2026-01-31 09:30:00Z',
    '2026-01-31T09:30:00',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T10:60:00Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    'now',
    '',
    5,
    true,
  ])('%j is no instant', async (from) => {
    expect((await since(from)).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

describe('behaviour 10.3: bounds, each with its field and its number', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
  test.each<[string, Variables, string[], string]>([
    ['a message', { message: 'x'.repeat(20_001) }, ['message'], '20000'],
    ['an empty message', { message: ' \n' }, ['message'], 'empty'],
    ['a name', { agentName: 'x'.repeat(201) }, ['agentName'], '200'],
    ['a timeout of 0', { timeout: 0 }, ['timeout'], '31536000'],
    ['a timeout over a year', { timeout: 31_536_001 }, ['timeout'], '31536000'],
    ['a large context', { context: { a: 'x'.repeat(262_144) } }, ['context'], '262144'],
    [
      // A few bytes each as JSON writes them, 300 as they are kept and read.
      'a context of huge numbers',
      { context: { a: Array.from({ length: 900 }, () => 1e300) } },
      ['context'],
      '262144',
    ],
    ['a deep context', { context: deep(65) }, ['context'], '64'],
    ['a context that is no object', { context: [1] }, ['context'], 'object'],
    [
      '51 options',
      {
        options: Array.from({ length: 51 }, (_, n) => ({
          id: `${n}`,
          label: 'l',
          description: '',
          value: 'v',
        })),
      },
      ['options'],
      '50',
    ],
    [
      'a repeated option',
      { options: [1, 2].map(() => ({ id: 'a', label: 'l', description: '', value: 'v' })) },
      ['options', '1', 'id'],
      '"a"',
    ],
    ['a schema that is none', { responseSchema: { type: 'nonsense' } }, ['responseSchema'], 'responseSchema'],
  ])('%s is INVALID_INPUT', async (_, more, path, bound) => {
    const input = {
      sessionId: await world.session(),
      agentName: 'coder',
      type: 'DECISION',
      message: 'm',
      ...more,
    };
    const { data } = await app.graphql(
      world.keys.AGENT,
      'mutation($input: RequestInterventionInput!) { requestIntervention(input: $input) { success errors { code message path } intervention { id } } }',
      { input },
    );
    expect(data.requestIntervention).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_INPUT', path }],
      intervention: null,
    });
    expect(data.requestIntervention.errors[0].message).toContain(bound);
  });

  test('just inside the bounds all is taken', async () => {
    const options = Array.from({ length: 50 }, (_, n) => ({
      id: `${n}`,
      label: 'l',
      description: '',
      value: 'v',
    }));
    const id = await world.ask({
      message: '🚀'.repeat(20_000),
      agentName: 'é'.repeat(200),
      timeout: 31_536_000,
      options,
      context: deep(64),
    });
    const { intervention } = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { intervention(id: $id) { message context options { id } } }',
      { id },
    );
    expect([...intervention.message]).toHaveLength(20_000);
    expect(intervention.options).toHaveLength(50);
  });
});
