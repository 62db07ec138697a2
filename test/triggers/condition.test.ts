import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Json } from '../../src/kernel/json.ts';
import { readConfiguration } from '../../src/supervision/configuration.ts';
import { readCondition } from '../../src/triggers/condition.ts';
import { holds, type Finding } from '../../src/triggers/evaluate.ts';
import type { ReportedEvent } from '../../src/triggers/values.ts';

const event = (more: Partial<ReportedEvent> = {}): ReportedEvent => ({
  agentName: 'ada',
  type: 'step',
  input: null,
  output: null,
  metrics: {},
  context: {},
  ...more,
});

function finding(text: string, given: Partial<ReportedEvent> = {}): Finding {
  const read = readCondition(text);
  if (!read.ok) throw new Error(read.fault);
  return holds(read.condition, event(given));
}

const values = {
  metrics: { confidence_score: 0.6, resource_usage: 81, cost: '1200.5000', usage: { tokens: 5 } },
  context: {
    confidence_score: 0.9,
    risk_level: 'high',
    tags: ['pii', 1],
    reviewed: true,
    refused: false,
    empty: null,
    share: '85%',
    note: "it's fine",
    count: 4,
    owner: { name: 'bo' },
    files: [
      { path: '/tmp/a', size: 3 },
      { path: '/tmp/b', size: 4, owner: null },
    ] as Json[],
  },
};

describe('a condition (8.4)', () => {
  it.each<[string, boolean]>([
    ['confidence_score < 0.7', true],
    ['confidence_score<0.7', true],
    ['confidence_score >= 0.7', false],
    ["risk_level == 'high'", true],
    ['risk_level == "high"', true],
    ["risk_level != 'high'", false],
    ["risk_level == 'High'", false],
    ['cost > 1000', true],
    ['cost == 1200.5', true],
    ['resource_usage > 80%', true],
    ['resource_usage > 81 %', false],
    ['share > 80%', true],
    ['usage.tokens > 4', true],
    ['usage.tokens > -1e2', true],
    ['step', true],
    ['task_completion', false],
    ['reviewed', true],
    ['refused', false],
    ['!refused', true],
    ['true', true],
    ['!true', false],
    ["'pii' in tags", true],
    ['1 in tags', true],
    ["'x' in tags", false],
    ["risk_level in ['low', 'high']", true],
    ["risk_level in ['low', other]", false],
    ['owner.name == "bo"', true],
    ['size(tags) == 2', true],
    ['size(risk_level) >= 4', true],
    ['has(risk_level)', true],
    ['has(owner.name)', true],
    ['has(empty)', false],
    ['has(owner.name.x)', false],
    ["note.contains('fine')", true],
    ["note.startsWith('it\\'s')", true],
    ["note.endsWith('x')", false],
    ['risk_level == 3', false],
    ['risk_level != 3', true],
    ['reviewed == true', true],
    ["count > 3 && risk_level == 'high'", true],
    ['step && confidence_score < 0.1', false],
    ['step || confidence_score < 0.1', true],
    ['confidence_score < 0.1 || step && reviewed', true],
    ['!(step && refused)', true],
    ['!!step', true],
    [`${'!'.repeat(41)}refused`, true],
    ["'a' < 'b'", true],
    ['resource_usage - 1 >= 80% && cost / 4 == 300.125', true],
    ['count % 3 == 1 && 81 % count == 1', true],
    ['80% < resource_usage && resource_usage < 82%', true],
    ["note == '80%' || note.contains('100% ')", false],
    ['-count < 0 && count * 2 == 8', true],
    ["risk_level + '!' == 'high!'", true],
    ['(reviewed ? confidence_score : 1) < 0.7 && (refused ? false : step)', true],
    ["tags.exists(tag, tag == 'pii') && !tags.all(tag, tag == 'pii')", true],
    ['tags.exists_one(event, event == 1)', true],
    ['[count, 5].exists(one, one > 4)', true],
    ['files.all(file, file.size < 10 && file.path.matches("^/tmp/"))', true],
    ['files.exists(file, has(file.owner))', false],
    ['files[0].size == 3 && files[1].size == 4 && !has(files[2])', true],
    ["note.matches('^it.s f[a-z]+$')", true],
    ['note.upperAscii() == "IT\'S FINE" && note.size() == size(note)', true],
    ["int(cost) == 1200 && double('2.5') > 2 && string(count) == '4'", true],
    ["'\\u00e9' == 'é' && 'é\u{1f680}'.contains('\u{1f680}')", true],
    ['step // what is done\n && true', true],
  ])('%s: %s', (text, expected) => {
    expect(finding(text, values)).toBe(expected);
  });

  // A comparison that lacks a value is false, and so its negation is true.
  it.each<[string, boolean]>([
    ['missing < 1', false],
    ['missing > 1', false],
    ['missing != 1', false],
    ['missing == missing', false],
    ['empty == empty', false],
    ['missing', false],
    ['!missing', true],
    ['!(missing < 1)', true],
    ['missing < 1 || step', true],
    ['missing < 1 && step', false],
    ['missing in tags', false],
    ['1 in missing', false],
    ['1 in [missing]', false],
    ['size(missing) == 0', false],
    ["missing.contains('')", false],
    ['missing.deeper.still > 1', false],
    ['missing + 1 > 0', false],
    ['count - missing < 100', false],
    ['-missing < 1', false],
    ['missing.all(one, false)', false],
    ['!missing.exists(one, true)', true],
    ['missing[0] == 1', false],
    ['missing[0].deeper == 1', false],
    ['files.all(file, file.missing < 1)', false],
    ["missing.matches('')", false],
    ['missing ? true : false', false],
    ['int(missing) == 0', false],
    ["missing.trim() == ''", false],
    ['risk_level.length > 1', false],
    ['tags.length > 1', false],
    ['has(usage.__proto__)', false],
    ['has(constructor)', false],
    ['constructor.name == "Object"', false],
    ['toString', false],
    ['usage.hasOwnProperty', false],
  ])('that lacks a value: %s: %s', (text, expected) => {
    expect(finding(text, values)).toBe(expected);
  });

  it('finds names that are those of prototypes where they are data', () => {
    const metrics = JSON.parse(
      '{"a": {"__proto__": {"constructor": 5}}, "constructor": true, "all": [{"constructor": 1}]}',
    );
    expect(finding('a.__proto__.constructor == 5 && constructor', { metrics })).toBe(true);
    expect(finding('all.all(one, one.constructor == 1) && all[0].constructor == 1', { metrics })).toBe(true);
  });

  it.each<[string, string]>([
    ['risk_level < 3', 'risk_level is the text "high" and 3 is the number 3, which have no order'],
    ['count', 'count is the number 4, neither true nor false'],
    ['!owner', 'owner is a mapping, neither true nor false'],
    ['1 in risk_level', 'risk_level is the text "high", not a list'],
    ['size(count) > 1', 'count is the number 4, which has no size'],
    ["count.contains('4')", 'count is the number 4, not a text'],
    ['note.contains(4)', '4 is the number 4, not a text'],
    ['tags == owner', 'lists and mappings are not compared'],
    ['reviewed < 3', 'reviewed is true and 3 is the number 3, which have no order'],
    ['count && missing', ''],
    ['count + risk_level > 1', 'risk_level is the text "high", not a number'],
    ['count / (count - 4) > 1', 'count - 4 is 0, which divides nothing'],
    ['owner.exists(one, one == 1)', 'owner is a mapping, not a list'],
    ['tags.all(tag, tag)', 'tag is the text "pii", neither true nor false'],
    ['count ? true : false', 'count is the number 4, neither true nor false'],
    ['note.trim() < count', expect.stringMatching(/^note\.trim\(\) is the text .* have no order$/) as never],
    ['int(note) == 1', 'note is the text "it\'s fine", not a number'],
  ])('that fails says why: %s', (text, undecided) => {
    expect(finding(text, values)).toEqual(undecided === '' ? false : { undecided });
  });

  it('is decided where one side of && or || decides, whatever the other fails at', () => {
    expect(finding('count || step', values)).toBe(true);
    expect(finding('step || count', values)).toBe(true);
    expect(finding('count && refused', values)).toBe(false);
    expect(finding('count && step', values)).toEqual({ undecided: expect.any(String) });
    expect(finding('refused || count', values)).toEqual({ undecided: expect.any(String) });
  });

  it.each<[string, string]>([
    ['', 'cannot be read at character 1: Unexpected token: EOF'],
    ['confidence <', 'cannot be read at character 13: Unexpected token: EOF'],
    ['confidence = 1', 'has = at character 12; it compares with =='],
    ['a & b', 'has & at character 3; it joins with &&'],
    ['a == "&" | b', 'has | at character 10; it joins with ||'],
    ['a and b', 'has and at character 3; write &&'],
    ['NOT a', 'has NOT at character 1; write !'],
    ["risk == 'high", 'cannot be read at character 9: Unterminated string'],
    ['0.7', 'has 0.7 where a comparison or the name of an event must stand'],
    ['80%', 'has 80 where a comparison or the name of an event must stand'],
    ['a + 1', 'has a + 1 where a comparison or the name of an event must stand'],
    ['size(a) || b', 'has size(a) where a comparison or the name of an event must stand'],
    ['a < 1 < 2', 'has a < 1 beside <, which is true or false and has no order'],
    ['(a', 'cannot be read at character 3: Expected RPAREN, got EOF'],
    ['a == null', 'has null at character 6; !has(name) is true where a value is missing or null'],
    ['has(1)', 'has has(1), which names nothing'],
    ["name.matches('(?=a)')", expect.stringMatching(/^has a pattern that cannot be read: /) as never],
    ['name.matches(other)', 'has matches without a pattern that is written out as text'],
    [`name.matches('${'a'.repeat(201)}')`, expect.stringMatching(/at most 200 characters/) as never],
    ['eval(1)', expect.stringMatching(/^uses eval\(…\), which is not one of has, size, contains, /) as never],
    ['tags.map(t, t)', expect.stringMatching(/^uses tags\.map\(…\), which is not one of/) as never],
    ['size(a, b) > 1', expect.stringMatching(/^uses size\(…\), which is not one of/) as never],
    ['named(event, ["a"])', expect.stringMatching(/^uses named\(…\)/) as never],
    ['a.all(x, b.all(y, x == y))', 'has all within another one of all, exists, exists_one'],
    ['{"a": 1} == b', 'has {"a": 1}, which no condition contains'],
    ["b'a' == b", "has b'a', which no condition contains"],
    ['a == `b`', 'cannot be read at character 6: Unexpected character: `'],
    ['${a}', 'cannot be read at character 1: Unexpected character: $'],
    ['__proto__', 'cannot be read at character 1: Reserved identifier: __proto__'],
    ['('.repeat(500) + 'a' + ')'.repeat(400), expect.stringMatching(/maxDepth \(16\)/) as never],
    ['a' + '||a'.repeat(300), expect.stringMatching(/maxAstNodes \(200\)/) as never],
  ])('that cannot be read says where: %s', (text, fault) => {
    expect(readCondition(text)).toEqual({ ok: false, fault });
  });
});

test('a configuration with a condition that cannot be read is refused, with its line (8.1, 8.4)', () => {
  const reading = readConfiguration(`human_supervision:
  intervention_types:
    decision:
      triggers:
        - condition: confidence_score < 0.7
        - condition: risk_level = 'high'
agents:
  - name: ada
    human_supervision:
      custom_triggers:
        - {condition: "", intervention_type: decision}
        - condition: "x.matches('(?=a)')"
          intervention_type: decision
          options:
            - {id: a, label: A, value: a}
            - {id: a, label: A, value: a}
`);
  expect(reading.ok ? [] : reading.faults.map(({ message }) => message)).toEqual([
    'human_supervision.intervention_types.decision.triggers.1.condition has = at character 12; it compares with == (line 6, column 22)',
    'agents.0.human_supervision.custom_triggers.0.condition must not be empty (line 11, column 23)',
    expect.stringContaining('custom_triggers.1.condition has a pattern that cannot be read'),
    expect.stringContaining('custom_triggers.1.options.1.id names an option that options.0 names already'),
  ]);
});

it('is broken off where what was reported is too much to go through, and a person is asked (8.4)', () => {
  const many = Array.from({ length: 1_000 }, () => 'a'.repeat(20_000));
  const condition = "many.all(one, one.matches('^.*.*.*$') && one.matches('^[a-z]*[a-z]*[a-z]*$'))";
  expect(finding(condition, { context: { many } })).toEqual({ undecided: 'it took longer than 50 ms' });
  expect(finding(condition, { context: { many: ['a'] } })).toBe(true);
});

describe('whatever is written and reported', () => {
  const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<never>;
  const names = fc.constantFrom(
    'a',
    'b',
    'a.b',
    'a.__proto__',
    'constructor',
    'confidence',
    'ethical_concern',
  );
  const value = fc.oneof(
    names,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number.toFixed(2)),
    fc.string().map((text) => JSON.stringify(text.replace(/[^a-z]/g, ''))),
    fc.constantFrom('80%', 'true', "['x', a]", 'size(a)', 'a + b', 'a[0] * 2', '-b', 'string(a)'),
  );
  const { condition } = fc.letrec<{ condition: string }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 5, depthIdentifier: 'condition' },
      names,
      fc
        .tuple(value, fc.constantFrom('<', '<=', '>', '>=', '==', '!=', 'in'), value)
        .map((parts) => parts.join(' ')),
      fc.tuple(names, fc.constantFrom('contains', 'startsWith'), value).map(([a, b, c]) => `${a}.${b}(${c})`),
      names.map((name) => `has(${name})`),
      names.map((name) => `${name}.exists(one, one.a == ${name} || one)`),
      names.map((name) => `${name}.matches('a+')`),
      tie('condition').map((of) => `!(${of})`),
      fc
        .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'))
        .map(([a, by, b]) => `(${a}) ${by} (${b})`),
    ),
  }));
  const values = fc.dictionary(fc.constantFrom('a', 'b', 'confidence', 'concern', '__proto__'), json);

  it('a condition of the grammar can be read, and is decided or says why not', () => {
    fc.assert(
      fc.property(condition, values, values, fc.string(), (text, metrics, context, output) => {
        const read = readCondition(text);
        if (!read.ok) return expect(read.fault).toMatch(/max(AstNodes|Depth)|has no order$/);
        const found = holds(
          read.condition,
          event({ metrics: metrics as never, context: context as never, output }),
        );
        if (typeof found !== 'boolean') expect(found.undecided.length).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('any text is read, or refused with a reason', () => {
    const shred = fc.constantFrom(
      'a',
      ' ',
      '(',
      ')',
      '!',
      '&&',
      '||',
      '<',
      '==',
      "'",
      '"',
      '\\',
      '1',
      '.',
      '%',
      'in',
      '[',
      ',',
      '-',
      '\u{1f680}',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(shred).map((all) => all.join('')),
        ),
        (text) => {
          const read = readCondition(text);
          if (!read.ok) expect(read.fault).not.toBe('');
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
