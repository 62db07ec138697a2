import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { readConfiguration } from '../../src/supervision/configuration.ts';
import { configurationSchema } from '../../src/supervision/configuration-schema.ts';
import { unheeded, unheededIn } from '../../src/supervision/unheeded.ts';

const faultsOf = (text: string): string[] => {
  const reading = readConfiguration(text);
  return reading.ok ? [] : reading.faults.map(({ message }) => message);
};

const everything = `
# A team that handles money.
human_supervision:
  global:
    timeout: 60                    # seconds
    auto_continue: true
    escalation_enabled: false
    escalation_timeout: 31_536
    max_escalation_levels: 0
  approvals:
    quorum: {low: 1, medium: 2, high: 3, critical: 20}
    timeout_minutes: 525600
  performance: {max_concurrent_interventions: 5, intervention_queue_size: 0}
`.replace('31_536', '31536');

describe('a configuration (8.1)', () => {
  it('says what was written, and nothing that was not', () => {
    expect(readConfiguration(everything)).toEqual({
      ok: true,
      configuration: {
        human_supervision: {
          global: {
            timeout: 60,
            auto_continue: true,
            escalation_enabled: false,
            escalation_timeout: 31536,
            max_escalation_levels: 0,
          },
          approvals: { quorum: { low: 1, medium: 2, high: 3, critical: 20 }, timeout_minutes: 525600 },
          performance: { max_concurrent_interventions: 5, intervention_queue_size: 0 },
        },
      },
      warnings: [],
    });
    expect(readConfiguration('human_supervision: {global: {}}')).toEqual({
      ok: true,
      configuration: { human_supervision: { global: {} } },
      warnings: [],
    });
  });

  it.each(['', ' \n\n', '# nothing yet\n', '---\n', '...\n'])('that says nothing is none: %j', (text) => {
    expect(readConfiguration(text)).toEqual({ ok: true, configuration: null, warnings: [] });
  });

  it('may be JSON, which is YAML too', () => {
    const configuration = { human_supervision: { approvals: { quorum: { high: 2 } } } };
    expect(readConfiguration(JSON.stringify(configuration, null, 2))).toEqual({
      ok: true,
      configuration,
      warnings: [],
    });
  });
});

const under = (section: string, line: string) => `human_supervision:\n  ${section}:\n    ${line}\n`;
const at = (line: number, column: number) => `(line ${line}, column ${column})`;
const SECONDS = 'must be a whole number from 1 to 31536000';

describe('a fault (8.1)', () => {
  it.each<[what: string, text: string, ...faults: string[]]>([
    ['a key that nothing knows', 'human_supervison: {}', `human_supervison is not a known key ${at(1, 1)}`],
    [
      'one further down',
      under('global', 'time_out: 5'),
      `human_supervision.global.time_out is not a known key ${at(3, 5)}`,
    ],
    ['no mapping', 'human_supervision:\n', `human_supervision must be a mapping ${at(1, 19)}`],
    ['a list', '- a', `the configuration must be a mapping ${at(1, 1)}`],
    ['a text', 'hello', `the configuration must be a mapping ${at(1, 1)}`],
    ['null', '~', `the configuration must be a mapping ${at(1, 1)}`],
    ...['0', '-1', '1.5', '31536001', '"60"', 'soon', '', '.inf', '.nan', '1e99', '[60]', 'true'].map(
      (value): [string, string, string] => [
        `seconds that are ${value || 'left empty'}`,
        under('global', `timeout: ${value}`),
        `human_supervision.global.timeout ${SECONDS} ${at(3, 14)}`,
      ],
    ),
    ...['yes', '1', '"true"'].map((value): [string, string, string] => [
      `a truth value that is ${value}`,
      under('global', `auto_continue: ${value}`),
      `human_supervision.global.auto_continue must be true or false ${at(3, 20)}`,
    ]),
    [
      'levels that are not there',
      under('global', 'max_escalation_levels: 4'),
      `human_supervision.global.max_escalation_levels must be a whole number from 0 to 3 ${at(3, 28)}`,
    ],
    [
      'a quorum of nobody, one of too many, and a risk by another name',
      under('approvals', 'quorum: {low: 0, high: 21, HIGH: 2}'),
      `human_supervision.approvals.quorum.low must be a whole number from 1 to 20 ${at(3, 19)}`,
      `human_supervision.approvals.quorum.high must be a whole number from 1 to 20 ${at(3, 28)}`,
      `human_supervision.approvals.quorum.HIGH is not a known key ${at(3, 32)}`,
    ],
    [
      'minutes of more than a year',
      under('approvals', 'timeout_minutes: 525601'),
      `human_supervision.approvals.timeout_minutes must be a whole number from 1 to 525600 ${at(3, 22)}`,
    ],
    [
      'bounds of nothing and of too much',
      under('performance', '{max_concurrent_interventions: 0, intervention_queue_size: 10001}'),
      `human_supervision.performance.max_concurrent_interventions must be a whole number from 1 to 1000 ${at(3, 36)}`,
      `human_supervision.performance.intervention_queue_size must be a whole number from 0 to 10000 ${at(3, 64)}`,
    ],
    [
      'a key given twice, whatever it says',
      'human_supervision:\n  global: {timeout: 1}\n  global: {timeout: 1}\n',
      `human_supervision.global is given twice, the first time on line 2 ${at(3, 3)}`,
    ],
    [
      'an alias',
      'human_supervision:\n  global: &all {timeout: 1}\n  approvals: *all\n',
      `human_supervision.approvals is an alias, *all: aliases are not allowed ${at(3, 14)}`,
    ],
    ['a merge key', 'human_supervision: {<<: {}}', `human_supervision.<< is not a known key ${at(1, 21)}`],
    [
      'two documents',
      'human_supervision: {}\n---\nhuman_supervision: {}\n',
      `the configuration must be one document ${at(2, 1)}`,
    ],
    [
      'names of prototypes',
      '__proto__: {a: 1}\nconstructor: 1\nhuman_supervision: {__proto__: {}}\n',
      `__proto__ is not a known key ${at(1, 1)}`,
      `constructor is not a known key ${at(2, 1)}`,
      `human_supervision.__proto__ is not a known key ${at(3, 21)}`,
    ],
    [
      'a key that is no name',
      '? [a]\n: 1\n',
      `the configuration has a key that is not a plain name ${at(1, 3)}`,
    ],
    [
      'keys that are no texts',
      '1: 2\nnull: 3\n',
      `1 is not a known key ${at(1, 1)}`,
      `null is not a known key ${at(2, 1)}`,
    ],
    [
      'a tag that nobody resolves',
      'human_supervision: !!js/function "x"',
      `the configuration is not YAML that can be read: Unresolved tag: tag:yaml.org,2002:js/function ${at(1, 20)}`,
    ],
    [
      'a tab',
      'human_supervision:\n\tglobal: {}\n',
      `the configuration is not YAML that can be read: Tabs are not allowed as indentation ${at(2, 1)}`,
    ],
  ])('is told with its path and its place: %s', (_, text, ...faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  it('comes with all the others, in the order of the text', () => {
    const reading = readConfiguration(
      'extra: 1\nhuman_supervision:\n  approvals: {quorum: 2}\n  global:\n    timeout: 0\n    timeout: 1\n  enabled: yes\n',
    );
    expect(reading).toMatchObject({
      ok: false,
      faults: [
        { path: ['extra'], line: 1 },
        { path: ['human_supervision', 'approvals', 'quorum'], line: 3 },
        { path: ['human_supervision', 'global', 'timeout'], line: 6 },
        { path: ['human_supervision', 'enabled'], line: 7 },
      ],
    });
  });

  it("is another program's setting: tools", () => {
    expect(faultsOf('tools: []')).toEqual([`tools is not supported by this version ${at(1, 1)}`]);
  });

  it('is an agent named twice, or a level that there is not', () => {
    expect(faultsOf('agents: [{name: a}, {name: b}, {name: a}]')).toEqual([
      `agents.2.name names an agent that agents.0 names already ${at(1, 39)}`,
    ]);
    const levels = (roles: string) =>
      under('intervention_types', `decision: {escalation_levels: [${roles}]}`);
    const path = 'human_supervision.intervention_types.decision.escalation_levels';
    expect(faultsOf(levels('{role: boss}'))).toEqual([
      `${path}.0.role must be one of operator, supervisor, manager, admin ${at(3, 43)}`,
    ]);
    expect(faultsOf(levels(Array.from({ length: 4 }, () => '{role: admin}').join()))).toEqual([
      `${path} must have at most 3 entries ${at(3, 35)}`,
    ]);
    expect(faultsOf(levels(''))).toEqual([`${path} must have at least 1 entry ${at(3, 35)}`]);
  });

  it('is told a hundred times at most, and the rest counted', () => {
    const faults = faultsOf(Array.from({ length: 250 }, (_, at) => `key${at}: 1`).join('\n'));
    expect(faults).toHaveLength(101);
    expect(faults.at(-1)).toBe('the configuration has 150 more like these');
  });

  it('repeats no more than 200 characters of a name', () => {
    const [fault] = faultsOf(`? "${'é'.repeat(5000)}"\n: 1`);
    expect(fault).toBe(`${'é'.repeat(200)}… is not a known key ${at(1, 3)}`);
  });
});

describe('what is taken and obeyed by nothing (8.1)', () => {
  /** A value that its schema takes, for each entry: `*` is a type, or the first of a list. */
  const sample = (path: readonly string[]): unknown => {
    let schema: any = configurationSchema;
    const build = (at: number): any => {
      while (schema instanceof z.ZodOptional) schema = schema.unwrap();
      if (at === path.length) return valueOf(schema);
      const key = path[at]!;
      if (schema instanceof z.ZodArray) {
        schema = schema.element;
        return [
          {
            ...(schema.shape.name ? { name: 'one' } : {}),
            ...(schema.shape.type ? { type: 'websocket' } : {}),
            ...build(at + 1),
          },
        ];
      }
      const name = key === '*' ? Object.keys(schema.shape)[0]! : key;
      schema = schema.shape[name];
      return { [name]: build(at + 1) };
    };
    return build(0);
  };
  function valueOf(schema: any): unknown {
    if (schema instanceof z.ZodOptional) return valueOf(schema.unwrap());
    if (schema instanceof z.ZodArray || schema instanceof z.ZodRecord)
      return schema instanceof z.ZodArray ? [] : {};
    if (schema instanceof z.ZodObject) return {};
    return ['word', true, 1, ...(schema.options ?? [])].find((value) => schema.safeParse(value).success);
  }

  it.each(unheeded.map(({ path, reason }) => [path.join('.'), path, reason] as const))(
    'is told with its place: %s',
    (_, path, reason) => {
      const reading = readConfiguration(JSON.stringify(sample(path)));
      expect(reading).toMatchObject({ ok: true, warnings: [{ line: 1 }] });
      expect((reading as any).warnings[0].message).toContain(` is not used: ${reason} (line 1, `);
    },
  );

  it.each(['team', 'async'])("lets the shape's own example load as it stands: %s", (name) => {
    const text = readFileSync(`test/supervision/examples/${name}.yaml`, 'utf8');
    const reading = readConfiguration(text);
    expect(reading).toMatchObject({ ok: true });
    const { configuration, warnings } = reading as any;
    const unused = warnings.filter(({ message }: { message: string }) => message.includes(' is not used: '));
    expect(unused.map(({ path }: { path: string[] }) => path.join('.')).toSorted()).toEqual(
      unheededIn(configuration)
        .map(({ path }) => path.join('.'))
        .toSorted(),
    );
    expect(warnings.length).toBeGreaterThan(0);
  });
});

const SIZE = 256 * 1024;
const fill = (piece: string): string => piece.repeat(Math.floor(SIZE / piece.length));

describe('a hostile text', () => {
  it('may have 256 kB and no byte more (8.1)', () => {
    const text = (size: number) => `human_supervision: {}\n#`.padEnd(size, 'x');
    expect(faultsOf(text(SIZE))).toEqual([]);
    expect(faultsOf(text(SIZE + 1))).toEqual([
      `the configuration must have at most ${SIZE} bytes ${at(1, 1)}`,
    ]);
    expect(faultsOf(`#${'é'.repeat(SIZE / 2)}`)[0]).toContain('bytes');
  });

  it.each([
    ['levels of lists', fill('['), 'nest at most 64 levels'],
    ['levels of mappings', fill('{'), 'nest at most 64 levels'],
    ['levels on one line', fill('- '), 'nest at most 64 levels'],
    ['levels of keys', fill('? '), 'nest at most 64 levels'],
    ['keys', Array.from({ length: 25_000 }, (_, at) => `k${at}:`).join('\n'), '20000 entries'],
    ['empty entries', `{${','.repeat(SIZE - 1)}`, '20000 entries'],
    ['anchors', fill('&a '), '20000 entries'],
    ['ends of nothing', fill(']'), '20000 entries'],
  ])('of too many %s is refused before it is read', (_, text, words) => {
    const faults = faultsOf(text);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(words);
  });

  it('unfolds into nothing', () => {
    const bomb = [
      'a: &a [x, x]',
      ...[...'bcdefghij'].map((name, at) => `${name}: &${name} [*${'abcdefghi'[at]}, *${'abcdefghi'[at]}]`),
    ];
    const faults = faultsOf(bomb.join('\n'));
    expect(faults.filter((fault) => fault.includes('aliases are not allowed'))).toHaveLength(18);
  });

  test('of any kind is read or refused with faults that have their places, and never breaks anything', () => {
    const words = [
      'human_supervision',
      'global',
      'approvals',
      'quorum',
      'timeout',
      'low',
      'agents',
      '__proto__',
      ':',
      ': ',
      '\n',
      '  ',
      '    ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      "'",
      '|',
      '>',
      '&a',
      '*a',
      '!t',
      '!!int',
      '<<',
      '%YAML 1.1\n',
      '---\n',
      '...\n',
      '#',
      '?',
      '~',
      'true',
      '2',
      '0x1',
      '.inf',
      '\t',
      '\r\n',
      '\u2028',
      '\ud800',
      '\0',
      'é',
    ];
    const yamlish = fc.array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...words) }, fc.string()), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          yamlish.map((parts) => parts.join('')),
          fc.string({ unit: 'binary' }),
          fc.json(),
        ),
        (text) => {
          const reading = readConfiguration(text);
          if (reading.ok) return;
          expect(reading.faults.length).toBeGreaterThan(0);
          const lines = text.split('\n').length;
          for (const { line, column, message, path } of reading.faults) {
            expect(message).not.toBe('');
            expect(path.every((key) => typeof key === 'string')).toBe(true);
            expect(line).toBeGreaterThanOrEqual(1);
            expect(line).toBeLessThanOrEqual(lines);
            expect(column).toBeGreaterThanOrEqual(1);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('that a configuration is written as comes back as that configuration', () => {
    const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const quorum = some(fc.integer({ min: 1, max: 20 }));
    const configuration = fc.record({
      human_supervision: fc.record({
        global: fc.record({
          timeout: some(fc.integer({ min: 1, max: 31_536_000 })),
          auto_continue: some(fc.boolean()),
        }),
        approvals: fc.record({
          quorum: fc.record({ low: quorum, medium: quorum, high: quorum, critical: quorum }),
        }),
      }),
    });
    fc.assert(
      fc.property(configuration, (given) => {
        const text = JSON.stringify(given, null, 1);
        expect(readConfiguration(text)).toEqual({ ok: true, configuration: JSON.parse(text), warnings: [] });
      }),
    );
  });
});
