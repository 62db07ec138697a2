import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPrepare, type Operation } from '../../src/graphql/prepare.ts';
import { defaultLimits } from '../../src/graphql/limits.ts';
import {
  createFeed,
  createProbe,
  createTestSchema,
  rawSocket,
  startServer,
  type TestServer,
} from './support.ts';

let server: TestServer;
beforeAll(async () => void (server = await startServer()));
afterAll(() => server.server.stop());

async function refused(query: string, variables?: Record<string, unknown>) {
  const { errors, data } = await server.ask(query, variables);
  expect(data).toBeUndefined();
  return `${errors![0]!.extensions['code']} ${errors![0]!.message}`;
}

const nested = (depth: number) => `{item${'{tags'.repeat(depth - 2)}{name}${'}'.repeat(depth - 2)}}`;

describe('behaviour 10.4: bounds', () => {
  test('depth is bounded and named', async () => {
    expect((await server.ask(`{item{${'tags{'.repeat(2)}name${'}'.repeat(2)}}}`)).errors).toBeUndefined();
    expect(await refused(nested(13))).toBe("TOO_COMPLEX The document's depth is 13; at most 12 is allowed.");
  });

  test('depth behind fragments counts', async () => {
    const chain = Array.from({ length: 13 }, (_, n) => `fragment F${n} on Item{tags{...F${n + 1}}}`).join(
      ' ',
    );
    expect(await refused(`{item{...F0}} ${chain} fragment F13 on Item{name}`)).toContain('TOO_COMPLEX');
  });

  test('fields are bounded, also when fragments multiply them', async () => {
    expect(await refused(`{${'hello '.repeat(501)}}`)).toBe(
      "TOO_COMPLEX The document's number of fields is 501; at most 500 is allowed.",
    );
    const doubling = Array.from(
      { length: 40 },
      (_, n) => `fragment F${n} on Item{...F${n + 1} ...F${n + 1}}`,
    ).join(' ');
    expect(await refused(`{item{...F0}} ${doubling} fragment F40 on Item{name}`)).toContain('TOO_COMPLEX');
  });

  test('10,000 aliases, 1 MB of brackets and of text end quickly', async () => {
    const started = performance.now();
    expect(await refused(`{${Array.from({ length: 10_000 }, (_, n) => `a${n}:hello`).join(' ')}}`)).toBe(
      "TOO_COMPLEX The document's number of tokens is 30002; at most 4000 is allowed.",
    );
    expect(await refused(`{${Array.from({ length: 51 }, (_, n) => `a${n}:hello`).join(' ')}}`)).toContain(
      'number of aliases is 51; at most 50',
    );
    expect(await refused('{a('.padEnd(1_000_000, '['))).toMatch(/^GRAPHQL_PARSE_FAILED|TOO_COMPLEX/);
    expect(await refused('{a(b:'.padEnd(1_000_000, '['))).toContain('TOO_COMPLEX');
    expect(await refused('{a(b:'.padEnd(3_000, '['))).toBe(
      "TOO_COMPLEX The document's nesting of brackets is 2997; at most 100 is allowed.",
    );
    expect(await refused('{'.repeat(1_000_000))).toMatch(/GRAPHQL_PARSE_FAILED|TOO_COMPLEX/);
    const answer = await server.post(
      `{"query":"{hello}","variables":{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}}`,
    );
    expect(await answer.json()).toEqual({ data: { hello: 'world' } });
    // Generous: what it guards against takes minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('the most repeated fields that the bounds let through validate quickly', async () => {
    const started = performance.now();
    const inner = `item{${'name '.repeat(240)}}`;
    expect((await server.ask(`{${inner} ${inner}}`)).errors).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('cyclic fragments are refused', async () => {
    expect(
      await refused('{item{...A}} fragment A on Item{tags{...B}} fragment B on Item{tags{...A}}'),
    ).toMatch(/^GRAPHQL_VALIDATION_FAILED Cannot spread/);
  });

  test('GraphiQL finds the schema; naming things like it lets nothing through', async () => {
    const full = getIntrospectionQuery({
      descriptions: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    });
    expect((await server.ask(full)).data.__schema.queryType.name).toBe('Query');
    const hidden = `{__schema:item${'{tags'.repeat(12)}{name}${'}'.repeat(12)}}`;
    expect(await refused(hidden)).toContain('TOO_COMPLEX');
    const body = full
      .slice(full.indexOf('{', full.indexOf('__schema')) + 1, full.indexOf('fragment FullType'))
      .replace(/\}\s*\}\s*$/, '');
    const copies = Array.from({ length: 4 }, (_, n) => `s${n}:__schema{...S}`).join(' ');
    const fragments = full.slice(full.indexOf('fragment FullType'));
    expect(await refused(`{${copies}} fragment S on __Schema{${body}} ${fragments}`)).toContain(
      'TOO_COMPLEX',
    );
  });

  test('cost follows first and last, from literals, variables and their defaults', async () => {
    const prepare = createPrepare({
      schema: createTestSchema(createFeed(), createProbe()),
      limits: defaultLimits,
      production: false,
    });
    const cost = (query: string, variables = {}) => {
      const errors = createPrepare({
        schema: createTestSchema(createFeed(), createProbe()),
        limits: { ...defaultLimits, cost: -1 },
        production: false,
      })({ query, variables });
      return Number(/cost is (\d+)/.exec((errors as readonly Error[])[0]!.message)![1]);
    };
    expect(cost('{items(first:10){totalCount nodes{name}}}')).toBe(1 + 1 + 1 + 10);
    expect(cost('{items{nodes{name}}}')).toBe(1 + 1 + 25);
    expect(cost('query($n:Int){items(first:$n){nodes{name}}}', { n: 7 })).toBe(9);
    expect(cost('query($n:Int=4){items(last:$n){nodes{name}}}')).toBe(6);
    expect(cost('query($n:Int){items(first:$n){nodes{name}}}', { n: 'many' })).toBe(102);
    expect(cost('{item{tags{name}}}')).toBe(1 + 1 + 10);
    expect(
      (prepare({ query: '{items(first:100){nodes{items(first:100){nodes{name}}}}}' }) as Operation).document,
    ).toBeDefined();
    const three =
      'query($n:Int){items(first:$n){nodes{items(first:$n){nodes{items(first:$n){nodes{name}}}}}}}';
    expect((prepare({ query: three, variables: { n: 20 } }) as Operation).document).toBeDefined();
    expect(await refused(three, { n: 100 })).toMatch(
      /TOO_COMPLEX The document's cost is \d+; at most 25000 is allowed\./,
    );
  });

  test('a repeated document is neither parsed nor validated again', () => {
    const prepare = createPrepare({
      schema: createTestSchema(createFeed(), createProbe()),
      limits: defaultLimits,
      production: false,
    });
    const query = 'mutation($t:String!){touch(text:$t)}';
    const [first, second] = [
      prepare({ query, variables: { t: '1' } }),
      prepare({ query, variables: { t: '2' } }),
    ] as [Operation, Operation];
    expect(second.document).toBe(first.document);
    expect(second.variables).toEqual({ t: '2' });
  });

  test('the same bounds hold on a socket, which stays open', async () => {
    const raw = await rawSocket(server);
    raw.subscribe('1', nested(13));
    raw.subscribe('2', `{${Array.from({ length: 10_000 }, (_, n) => `a${n}:hello`).join(' ')}}`);
    raw.subscribe('3', 'subscription{events{text} __typename2:events{text}}');
    raw.subscribe('4', '{hello');
    raw.subscribe('5', '{echo(text:"\\u0000")}');
    raw.subscribe('6', '{hello}');
    await raw.until(() => raw.messages.some(({ type }) => type === 'complete'));
    const codes = ['1', '2', '3', '4', '5'].map((id) =>
      raw.of(id).map(({ type, payload }) => `${type} ${payload[0].extensions.code}`),
    );
    expect(codes).toEqual([
      ['error TOO_COMPLEX'],
      ['error TOO_COMPLEX'],
      ['error GRAPHQL_VALIDATION_FAILED'],
      ['error GRAPHQL_PARSE_FAILED'],
      ['error BAD_USER_INPUT'],
    ]);
    expect(raw.of('6')[0].payload).toEqual({ data: { hello: 'world' } });
    raw.socket.close();
  });
});

describe('behaviour 10.2: strings', () => {
  const echo = 'query($text:String,$value:JSON){echo(text:$text,value:$value)}';

  test('any Unicode passes', async () => {
    expect((await server.ask(echo, { text: 'né 🦊 \u0001\uffff' })).data.echo).toBe('né 🦊 \u0001\uffff');
    expect((await server.ask('{echo(text:"\\u{1F98A}\\uD83E\\uDD8A")}')).data.echo).toBe('🦊🦊');
  });

  test.each([
    [{ text: 'a\0' }, 'variables.text holds a NUL character.'],
    [{ text: '\ud800' }, 'variables.text holds a lone surrogate.'],
    [
      { value: { deep: [{ x: 1 }, { y: ['\udfff!'] }] } },
      'variables.value.deep.1.y.0 holds a lone surrogate.',
    ],
    [{ value: { deep: { 'k\0': 1 } } }, 'A key of variables.value.deep holds a NUL character.'],
  ])('%j is bad input that names its place', async (variables, message) => {
    expect(await refused(echo, variables)).toBe(`BAD_USER_INPUT ${message}`);
  });

  test('literals and the text of the document are held to the same', async () => {
    expect(await refused('{echo(text:"a\\u0000")}')).toMatch(
      /BAD_USER_INPUT The literal at line 1, column 12 .* NUL/,
    );
    expect(await refused('{echo(value:{a:["\\u{0}"]})}')).toContain(
      'BAD_USER_INPUT The literal at line 1, column 17',
    );
    expect(await refused('{echo(text:"\\uD800")}')).toMatch(/BAD_USER_INPUT The literal .* lone surrogate/);
    expect(await refused('{echo(text:"\ud800")}')).toBe(
      'BAD_USER_INPUT The document holds a lone surrogate.',
    );
    expect(await refused('{hello} #\0')).toBe('BAD_USER_INPUT The document holds a NUL character.');
  });
});

describe('errors', () => {
  test('what was not foreseen is masked, told by the request id and logged once with its stack', async () => {
    const { errors } = await server.ask('{fails again:fails}');
    expect(errors![0]).toMatchObject({
      message: 'Unexpected error.',
      path: ['fails'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
    const id = errors![0]!.extensions['requestId'];
    expect(JSON.stringify(errors)).not.toMatch(/secret_table|at /);
    const lines = server.logged.filter((line) => line.includes(id) && line.includes('unexpected'));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('secret_table');
  });

  test('a refusal keeps its code and text; a database that is gone is SERVICE_UNAVAILABLE', async () => {
    expect((await server.ask('{refused}')).errors![0]).toMatchObject({
      message: 'No such item.',
      extensions: { code: 'NOT_FOUND' },
    });
    const gone = (await server.ask('{gone}')).errors![0]!;
    expect(gone.extensions['code']).toBe('SERVICE_UNAVAILABLE');
    expect(gone.message).not.toContain('10.0.0.1');
  });

  test('what the caller wrote wrongly has a code of its own', async () => {
    expect(await refused('{')).toMatch(/^GRAPHQL_PARSE_FAILED/);
    expect(await refused('{helo}')).toMatch(/^GRAPHQL_VALIDATION_FAILED .*Did you mean/);
    expect(await refused('query($n:Int!){count(of:$n)}', { n: 'x' })).toMatch(
      /^BAD_USER_INPUT Variable "\$n"/,
    );
    expect(await refused('query($n:Int!){count(of:$n)}')).toMatch(/^BAD_USER_INPUT/);
    expect(await refused('query A{hello} query B{hello}')).toMatch(/^BAD_USER_INPUT/);
    expect(
      (await server.ask('query($n:Int=1){count(of:$n)}', { n: null })).errors![0]!.extensions['code'],
    ).toBe('BAD_USER_INPUT');
  });

  test('behaviour 1.9: production suggests nothing', async () => {
    const production = await startServer({ settings: { production: true } });
    expect((await production.ask('{helo}')).errors![0]!.message).not.toContain('Did you mean');
    await production.server.stop();
  });
});
