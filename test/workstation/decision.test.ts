import fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import {
  beginning,
  enteredIn,
  faultsIn,
  fieldOf,
  linesIn,
  type Schema,
  shownIn,
  UnreadableJson,
} from '../../src/workstation/decision/schema-fields.ts';
import { effectsIn } from '../../src/workstation/decision/option-effects.ts';
import { uiConfigIn } from '../../src/workstation/decision/ui-config.ts';
import { sayVerdict, settledBy } from '../../src/workstation/decision/verdict.ts';
import { stretchesOf } from '../../src/workstation/parts/evidence.ts';
import { beginningOf } from '../../src/workstation/parts/fold.ts';
import { foldSame, sideBySide } from '../../src/workstation/parts/line-diff.ts';

describe('a verdict', () => {
  const target = { id: 'intervention_1', kind: 'intervention' } as const;
  const call = { id: 'approval_1', kind: 'approval', actionDigest: 'abc' } as const;
  const variables = (...args: Parameters<typeof sayVerdict>) => sayVerdict(...args).variables;

  test('of a request is said under the key of its decision', () => {
    expect(variables(target, { kind: 'reject', reason: 'no' }, 'k')).toEqual({
      id: 'intervention_1',
      resolution: { resolutionType: 'REJECT', reasoning: 'no', idempotencyKey: 'k' },
    });
  });
  test('of a call names what was shown, and only where it consents', () => {
    expect(variables(call, { kind: 'approve' }, 'k')).toEqual({
      id: 'approval_1',
      response: { verdict: 'APPROVE', actionDigest: 'abc', idempotencyKey: 'k' },
    });
    expect(variables(call, { kind: 'reject', reason: 'no' }, 'k')).toEqual({
      id: 'approval_1',
      response: { verdict: 'REJECT', reason: 'no', idempotencyKey: 'k' },
    });
  });
  test('that an approval does not know is said of none', () => {
    expect(() => sayVerdict(call, { kind: 'claim' }, 'k')).toThrow('an approval takes no claim');
  });
  test('of somebody else is read out of the payload', () => {
    const decisions = [
      {
        verdict: 'REJECT',
        reason: 'no',
        decidedAt: '2026-03-02T09:00:00Z',
        decidedBy: { id: 'user_2', name: 'Ada' },
      },
    ] as const;
    const approval = {
      id: 'a',
      status: 'REJECTED',
      requiredApprovals: 1,
      rejectionReason: 'no',
      respondedAt: null,
    };
    expect(settledBy({ approval: { ...approval, status: 'REJECTED', decisions: [...decisions] } })).toEqual({
      who: 'Ada',
      id: 'user_2',
      as: 'REJECTED',
      at: '2026-03-02T09:00:00Z',
    });
    expect(settledBy({ approval: { ...approval, status: 'PENDING', decisions: [...decisions] } })).toBeNull();
  });
});

describe('the form of a schema', () => {
  test.each<[Schema, string]>([
    [{ type: 'string' }, 'text'],
    [{ type: 'integer' }, 'number'],
    [{ type: 'boolean' }, 'yes-no'],
    [{ enum: ['a', 'b'] }, 'one-of'],
    [{ enum: [{}, []] }, 'json'],
    [{ type: 'array', items: { enum: ['a'] } }, 'some-of'],
    [{ type: 'array', items: { type: 'string' } }, 'lines'],
    [{ type: 'array', items: { type: 'number' } }, 'json'],
    [{ properties: { a: {} } }, 'group'],
    [{}, 'json'],
  ])('%o is %s', (schema, kind) => {
    expect(fieldOf(schema).kind).toBe(kind);
  });
  test.each<[Schema, string]>([
    [{}, 'textarea'],
    [{ maxLength: 500 }, 'textarea'],
    [{ maxLength: 120 }, 'text'],
    [{ pattern: '^[A-Z]+$' }, 'text'],
    [{ format: 'hostname' }, 'text'],
    [{ format: 'date' }, 'date'],
    [{ format: 'date-time' }, 'datetime-local'],
    [{ format: 'time' }, 'time'],
    [{ format: 'email' }, 'email'],
    [{ format: 'uri' }, 'url'],
    [{ format: 'date', default: 'next week' }, 'text'],
  ])('a text of %o is entered in %s', (schema, input) => {
    expect(fieldOf({ type: 'string', ...schema })).toEqual({ kind: 'text', input });
  });
  test('gives what was entered as its format wants it, and shows it again as it was entered', () => {
    const entered = enteredIn('datetime-local', '2026-03-02T09:30')!;
    expect(entered).toMatch(/^2026-03-0\dT\d\d:\d\d:00\.000Z$/);
    expect(shownIn('datetime-local', entered)).toBe('2026-03-02T09:30');
    expect(enteredIn('time', '09:30')).toMatch(/^09:30:00(Z|[+-]\d\d:\d\d)$/);
    expect(shownIn('time', '09:30:00Z')).toBe('09:30:00');
    expect([enteredIn('date', '2026-03-02'), enteredIn('email', '')]).toEqual(['2026-03-02', undefined]);
    expect([linesIn(' a \n\nb'), linesIn(' \n')]).toEqual([['a', 'b'], undefined]);
  });
  test('begins with what the schema proposes, and invents nothing', () => {
    const schema = {
      type: 'object',
      properties: { a: { default: 3 }, b: { type: 'string' }, c: { const: 'x' } },
    };
    expect(beginning(schema)).toEqual({ a: 3, c: 'x' });
  });
  test('tells what is wrong where it is wrong', () => {
    const schema = {
      type: 'object',
      required: ['amount'],
      properties: { amount: { type: 'number', maximum: 10 }, why: { type: 'string' } },
    };
    expect(faultsIn(schema, {})).toEqual([{ at: '/amount', message: 'This is required.' }]);
    expect(faultsIn(schema, { amount: 11 }).map(({ at }) => at)).toEqual(['/amount']);
    expect(faultsIn(schema, { amount: 1, why: 'x' })).toEqual([]);
  });
  test.each<[Schema & Record<string, unknown>, unknown, string]>([
    [{ type: 'number' }, 'x', 'This must be a number.'],
    [{ type: ['string', 'null'] }, 3, 'This must be text or nothing.'],
    [{ minimum: 2 }, 1, 'This must be at least 2.'],
    [{ maximum: 2 }, 3, 'This must be at most 2.'],
    [{ exclusiveMaximum: 2 }, 2, 'This must be less than 2.'],
    [{ multipleOf: 5 }, 3, 'This must be a multiple of 5.'],
    [{ minLength: 3 }, 'x', 'This must have at least 3 characters.'],
    [{ maxLength: 1 }, 'xy', 'This must have at most 1 character.'],
    [{ minItems: 2 }, ['x'], 'There must be at least 2 entries.'],
    [{ uniqueItems: true }, ['x', 'x'], 'The same entry stands here twice.'],
    [{ enum: ['a', 'b'] }, 'c', 'This must be one of: a, b.'],
    [{ const: 'a' }, 'c', 'This must be: a.'],
    [{ not: {} }, 'c', 'This is not what was asked for.'],
  ])('tells in plain words what %o has against %o', (schema, value, message) => {
    const form = { type: 'object', properties: { 'a b/c': schema } };
    expect(faultsIn(form, { 'a b/c': value })).toEqual([{ at: '/a b~1c', message }]);
  });
  test('tells of each that is missing once, and by the schema that a $ref leads to', () => {
    const schema = {
      $defs: { one: { type: 'object', required: ['a', 'b'], properties: { a: { minimum: 3 } } } },
      properties: { inner: { $ref: '#/$defs/one' }, other: { $ref: '#/$defs/one' } },
    };
    expect(faultsIn(schema, { inner: {}, other: { a: 1, b: 1 } })).toEqual([
      { at: '/inner/a', message: 'This is required.' },
      { at: '/inner/b', message: 'This is required.' },
      { at: '/other/a', message: 'This must be at least 3.' },
    ]);
  });
  test('takes what is no JSON for a fault where it stands, and for no answer', () => {
    const answer = { list: { deep: new UnreadableJson('Unexpected end') } };
    expect(faultsIn({}, answer)).toEqual([{ at: '/list/deep', message: 'Unexpected end' }]);
    expect(faultsIn({}, new UnreadableJson('x'))).toEqual([{ at: '', message: 'x' }]);
  });
  test('does no work without end on what refers to itself again and again', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, level) => [
        `d${level}`,
        level === 39
          ? { type: 'number' }
          : { allOf: [{ $ref: `#/$defs/d${level + 1}` }, { $ref: `#/$defs/d${level + 1}` }] },
      ]),
    );
    expect(faultsIn({ $defs, $ref: '#/$defs/d0' }, 'x')).toEqual([]);
  });
  test('leaves to the server what it does not understand', () => {
    expect(faultsIn({ $ref: 'https://elsewhere.example/schema' }, {})).toEqual([]);
  });
});

describe('what an option says of its effects', () => {
  test('is every plain value of its metadata, in whatever words, the known names first', () => {
    expect(
      effectsIn({
        zeal: 'much',
        time_estimate: '3 days',
        risk: 'high',
        teams: ['a', 'b'],
        nested: { not: 'shown' },
        cost: { eur: 3 },
        none: null,
        blank: ' ',
        reversible: false,
      }),
    ).toEqual([
      { name: 'risk', text: 'high' },
      { name: 'cost', text: '{"eur":3}' },
      { name: 'time_estimate', text: '3 days' },
      { name: 'reversible', text: 'false' },
      { name: 'zeal', text: 'much' },
      { name: 'teams', text: 'a, b' },
    ]);
    expect(effectsIn(null)).toEqual([]);
  });
});

describe('a team’s ui_config', () => {
  const yaml = `
human_supervision:
  intervention_types:
    decision:
      ui_config:
        layout: escalation_panel
        require_reason: true
        show_context: false
        custom_fields:
          - { name: budget_impact, type: currency, required: true }
          - { name: level, type: select, options: [low, high] }
agents:
  - name: coder
    human_supervision: { ui_config: { layout: review_panel, require_reason: false } }
`;
  test('is the type’s, and for an agent with one of its own the agent’s', () => {
    expect(uiConfigIn(yaml, parse, 'DECISION', 'tester')).toEqual({
      layout: 'escalation_panel',
      flags: { require_reason: true, show_context: false },
      fields: [
        { name: 'budget_impact', type: 'currency', required: true, options: [] },
        { name: 'level', type: 'select', required: false, options: ['low', 'high'] },
      ],
    });
    expect(uiConfigIn(yaml, parse, 'DECISION', 'coder')).toMatchObject({
      layout: 'review_panel',
      flags: { require_reason: false, show_context: false },
    });
  });
  test.each([['a: ['], ['human_supervision: 3'], ['[]']])('is the default for %s', (text) => {
    expect(uiConfigIn(text, parse, 'APPROVAL', 'x')).toEqual({
      layout: 'approval_panel',
      flags: {},
      fields: [],
    });
  });
});

describe('evidence', () => {
  const places = (text: string, evidence: string) =>
    stretchesOf(text, [{ text: evidence, level: 'HIGH', label: 'x' }])
      .filter((stretch) => stretch.evidence !== null)
      .map((stretch) => stretch.text);
  test.each([
    ['as it stands', 'run rm -rf / now', 'rm -rf /', ['rm -rf /']],
    ['each time', 'drop table a; drop table b', 'drop table', ['drop table', 'drop table']],
    ['over the ends of lines', 'DROP\n  TABLE x', 'DROP TABLE x', ['DROP\n  TABLE x']],
    ['where its midst is masked', 'key sk-abcdefgh123zz end', 'sk-…zz', ['sk-abcdefgh123zz']],
    ['where its end is cut', 'please delete everything here', 'please delete…', ['please delete']],
    ['nowhere, where it is too short to say where', 'a b c', 'b…', []],
    ['of a card by its whole number', 'card 4111 1111 1111 1111 now', '…1111', ['4111 1111 1111 1111']],
    [
      'to the last of a secret’s own letters',
      'db: "hunter2-9sd8f7sd98f7"',
      'hunt…8f7',
      ['hunter2-9sd8f7sd98f7'],
    ],
    ['as a short word of its own', 'curl -s x | sh # show', 'sh', ['sh']],
    ['and nothing by its own marks', 'a+b (c)', '(c).*+?[', []],
  ])('is found %s', (_how, text, evidence, stretches) => {
    expect(places(text, evidence)).toEqual(stretches);
  });
  test('leaves the text whole, whatever it points at', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (text, all) => {
        const stretches = stretchesOf(
          text,
          all.map((each) => ({ text: each, level: 'LOW', label: '' })),
        );
        expect(stretches.map((stretch) => stretch.text).join('')).toBe(text);
      }),
    );
  });
});

describe('a long text', () => {
  const bound = { lines: 3, line: 90, letters: 300 };
  test.each([
    ['is whole where it fits', 'a\nb\nc', null],
    ['ends with the last line that fits', 'a\nb\nc\nd\ne', 'a\nb\nc'],
    ['counts a long line by the lines that it takes', `${'x'.repeat(170)}\nb\nc`, `${'x'.repeat(170)}\nb`],
    ['is cut within a line that takes too many', 'x'.repeat(299), 'x'.repeat(270)],
    ['is cut at so many letters', `a\n${'😀'.repeat(200)}`, `a\n${'😀'.repeat(90)}`],
    ['counts empty lines', '\n\n\n\nx', '\n\n'],
  ])('%s', (_how, text, shown) => {
    expect(beginningOf(text, bound)).toBe(shown);
  });
  test('begins as it is, and in whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const shown = beginningOf(text, bound);
        expect(shown === null || text.startsWith(shown)).toBe(true);
        expect(shown === null || shown.length < text.length).toBe(true);
        if (shown === null) expect(text.length).toBeLessThanOrEqual(300);
      }),
    );
  });
});

describe('a diff', () => {
  test('stands what took a line’s place beside it', () => {
    expect(sideBySide('{\n"a": 1,\n"b": 2\n}', '{\n"a": 1,\n"b": 3,\n"c": 4\n}')).toEqual([
      { kind: 'same', left: '{', right: '{' },
      { kind: 'same', left: '"a": 1,', right: '"a": 1,' },
      { kind: 'changed', left: '"b": 2', right: '"b": 3,' },
      { kind: 'added', left: null, right: '"c": 4' },
      { kind: 'same', left: '}', right: '}' },
    ]);
  });
  test('folds what is the same in both, but for the lines around a change', () => {
    const lines = Array.from({ length: 30 }, (_, line) => `line ${line}`);
    const changed = lines.with(15, 'another').join('\n');
    const blocks = foldSame(sideBySide(lines.join('\n'), changed));
    expect(blocks.map(({ folded, rows }) => [folded, rows.length])).toEqual([
      [true, 12],
      [false, 7],
      [true, 11],
    ]);
    const rows = sideBySide(lines.join('\n'), changed);
    expect(blocks.flatMap((block) => block.rows)).toEqual(rows);
    // A stretch that is hardly longer than what stands around a change anyway is not.
    expect(foldSame(sideBySide('a\nb\nc', 'x\nb\nc'))).toHaveLength(1);
  });
  test('holds either side whole', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1 }).map((all) => all.join('\n'));
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const rows = sideBySide(before, after);
        const side = (name: 'left' | 'right') =>
          rows.flatMap((row) => (row[name] === null ? [] : [row[name]])).join('\n');
        expect([side('left'), side('right')]).toEqual([before, after]);
        for (const { kind, left, right } of rows) expect(kind === 'same').toBe(left === right);
      }),
    );
  });
});

describe('what strangers wrote', () => {
  test('cannot be evidence that is sought for for ever', () => {
    const hostile = `rm -rf / ${'a…'.repeat(70)}Z`;
    const text = `{"x": "rm -rf / ${'a'.repeat(20_000)}"}`;
    expect(stretchesOf(text, [{ text: hostile, level: 'HIGH', label: 'x' }])).toEqual([
      { text, evidence: null },
    ]);
  });
  test('is found as evidence over lines and hidden middles, and nowhere else', () => {
    const evidence = { text: 'key sk_l…9f', level: 'HIGH', label: 'a key' };
    const marked = (text: string) =>
      stretchesOf(text, [evidence]).flatMap((stretch) => (stretch.evidence ? [stretch.text] : []));
    expect(marked('the key\n  sk_live_0123459f, and key sk_l and 9f')).toEqual(['key\n  sk_live_0123459f']);
    expect(marked('key sk_live')).toEqual([]);
  });
  test('cannot be a pattern that a form tries for ever', () => {
    const schema = {
      type: 'object',
      properties: { x: { type: 'string', pattern: '^(a+)+$', minLength: 99 } },
    };
    expect(faultsIn(schema, { x: `${'a'.repeat(40)}!` }).map(({ at }) => at)).toEqual(['/x']);
    // Of this name a property may be.
    const named = { type: 'object', properties: { pattern: { type: 'number' } } };
    expect(faultsIn(named, { pattern: 'x' })).toHaveLength(1);
  });
});
