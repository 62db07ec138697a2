import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { InterventionType } from '../../src/generated/prisma/enums.ts';
import type { Json } from '../../src/kernel/json.ts';
import { readConfiguration } from '../../src/supervision/configuration.ts';
import type { Configuration } from '../../src/supervision/configuration-schema.ts';
import { fillJson, fillText } from '../../src/triggers/fill.ts';
import { firstMatch, type Rule } from '../../src/triggers/match.ts';
import { checkedOptions, costOf, generatedOptions } from '../../src/triggers/options.ts';
import { questionOf } from '../../src/triggers/question.ts';
import { messageOf, urgencyOf } from '../../src/triggers/templates.ts';
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
const rule = (condition: string, more: Partial<Rule> = {}): Rule => ({
  condition,
  type: 'DECISION',
  about: null,
  message: null,
  options: null,
  ...more,
});
const free = { left: null, levels: 3 };
const configured = (text: string): Configuration => {
  const reading = readConfiguration(text);
  if (!reading.ok) throw new Error(reading.faults[0]!.message);
  return reading.configuration!;
};

describe('a message (8.5)', () => {
  const given = event({
    input: 'told',
    metrics: { amount: 12, confidence: 0.651, a: { b: 'deep' }, evil: '{{amount}} ${{amount}} [x]' },
    context: { amount: 99, name: 'Bo', list: [1, { x: 'y' }], no: null, confidence_score: 65, ok: true },
  });
  it.each<[string, string]>([
    ['{{amount}}', '12'],
    ['${{amount}} for {{ name }}', '$12 for Bo'],
    ['{{a.b}} {{list}}', 'deep [1,{"x":"y"}]'],
    ['{{missing}} {{no}} {{a.c}}', '[missing] [no] [a.c]'],
    ['{{evil}}', '{{amount}} ${{amount}} [x]'],
    ['{{confidence}}% {{confidence}} {{confidence_score}}%', '65.1% 0.651 65%'],
    ['{{amount}}%', '12%'],
    [
      '{{__proto__}} {{constructor}} {{a.constructor.name}} {{list.length}}',
      '[__proto__] [constructor] [a.constructor.name] [list.length]',
    ],
    ['{{agent_name}} {{event_type}} {{input}} {{output}}', 'ada step told [output]'],
    ['{{ }} {{1+1}} {{#name}}x{{/name}} {{{name}}} <b>', '{{ }} {{1+1}} {{#name}}x{{/name}} {Bo} <b>'],
    ['{{ok}}', 'true'],
    ['{{', '{{'],
  ])('%s reads %s', (template, filled) => {
    expect(fillText(template, given)).toBe(filled);
  });

  it('is bounded, whatever it is filled with', () => {
    const long = event({ metrics: { long: '\u{1f680}'.repeat(50_000) } });
    const one = fillText('{{long}}', long);
    expect(one.length).toBeLessThanOrEqual(2_000);
    expect(one.isWellFormed()).toBe(true);
    expect(fillText('{{long}}'.repeat(2_000), long).length).toBeLessThanOrEqual(20_000);
  });

  it("of metadata keeps numbers and truths that a placeholder alone names, and a name's text else", () => {
    const template: Json = {
      n: '{{amount}}',
      t: '{{ok}}',
      s: '{{name}}',
      m: '[{{amount}}]',
      x: '{{missing}}',
      l: ['{{amount}}'],
    };
    expect(fillJson(template, given)).toEqual({
      n: 12,
      t: true,
      s: 'Bo',
      m: '[12]',
      x: '[missing]',
      l: [12],
    });
  });

  it.each([
    ['budget_exceeded', { amount: 500, budget_threshold: 100 }, 'Amount: $500\nThreshold: $100'],
    ['confidence_low', { confidence: 0.5 }, 'Confidence: 50%'],
    ['ethical_concern', { concern: 'whose data?' }, 'Concern: whose data?'],
    ['team_conflict', { issue: 'the plan' }, 'About: the plan'],
    ['external_api_call', { api_call: 'POST /pay' }, 'Call: POST /pay'],
    ['cost > 3', {}, 'Rule: cost > 3'],
  ])('of its own has %s, without what is not known', (condition, context, line) => {
    const message = messageOf(rule(condition), null, event({ context, output: 'said' }));
    expect(message).toContain('ada');
    expect(message).toContain(line);
    expect(message).toContain('Said: said');
    expect(message).not.toMatch(/\[\w+\]|\{\{/);
    expect(urgencyOf(rule(condition))).toBe(/budget|ethical/.test(condition) ? 'HIGH' : 'NORMAL');
  });

  it('is never an exception, and a text without placeholders is as it was', () => {
    const values = fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<Json>);
    const pieces = fc.constantFrom('{{', '}}', 'a', '.', ' ', '$', '%', '__proto__', '\\', '\n');
    fc.assert(
      fc.property(
        fc.array(fc.oneof(pieces, fc.string())).map((all) => all.join('')),
        values,
        (template, metrics) => {
          const filled = fillText(template, event({ metrics }));
          expect(filled.length).toBeLessThanOrEqual(20_000);
          if (!template.includes('{{')) expect(filled).toBe(template);
        },
      ),
    );
  });
});

describe('a built-in condition (8.5)', () => {
  const asks = (condition: string, more: Partial<ReportedEvent>) =>
    firstMatch(
      { human_supervision: { intervention_types: { decision: { triggers: [{ condition }] } } } },
      event(more),
    ) !== null;
  it.each<[string, Partial<ReportedEvent>, boolean]>([
    ['budget_exceeded', { type: 'budget_exceeded' }, true],
    ['budget_exceeded', { context: { budget_exceeded: true } }, true],
    ['budget_exceeded', { metrics: { amount: '500.01' }, context: { budget_threshold: 500 } }, true],
    ['budget_exceeded', { metrics: { amount: 500 }, context: { budget_threshold: 500 } }, false],
    ['budget_exceeded', { metrics: { amount: 5_000 } }, false],
    ['confidence_low', { metrics: { confidence: 0.69 } }, true],
    ['confidence_low', { metrics: { confidence: 0.7 } }, false],
    ['confidence_low', { metrics: { confidence_score: 69 } }, true],
    ['confidence_low', { metrics: { confidence: 1 } }, false],
    ['confidence_low', {}, false],
    ['ethical_concern', { context: { concern: 'x' } }, true],
    ['ethical_concern', { context: { concern: '', ethical_concerns: [] } }, false],
    ['ethical_concern', { input: 'Export the Personal Data of all' }, true],
    ['ethical_concern', { output: 'no bias here' }, true],
    ['ethical_concern', { output: 'the biassed, harmfully private' }, false],
    ['team_conflict', { type: 'team_conflict' }, true],
    ['team_conflict', { context: { issue: 'x' } }, false],
    ['external_api_call', { type: 'external_api_call' }, true],
    ['milestone_reached', { type: 'milestone_reached' }, true],
    ['!confidence_low && step', { metrics: { confidence: 0.9 } }, true],
  ])('%s, given %j: %s', (condition, more, expected) => {
    expect(asks(condition, more)).toBe(expected);
  });
});

describe('which trigger asks (8.4)', () => {
  const configuration = configured(`human_supervision:
  intervention_types:
    approval: {triggers: [{condition: step}]}
    decision: {triggers: [{condition: never}, {condition: 'x < 1', context: d}, {condition: step}]}
agents:
  - name: ada
    human_supervision:
      custom_triggers:
        - {condition: 'own', intervention_type: escalation}
        - {condition: 'own2 > 1', intervention_type: follow_up, context: mine}
`);
  const asking = (more: Partial<ReportedEvent>) => {
    const match = firstMatch(configuration, event(more));
    return match && [match.rule.type, match.rule.condition, match.rule.about];
  };
  it("is the agent's first, then the first of the types in their order", () => {
    expect(asking({ type: 'own', metrics: { own2: 2, x: 0 } })).toEqual(['ESCALATION', 'own', null]);
    expect(asking({ metrics: { own2: 2, x: 0 } })).toEqual(['FOLLOW_UP', 'own2 > 1', 'mine']);
    expect(asking({ metrics: { x: 0 } })).toEqual(['DECISION', 'x < 1', 'd']);
    expect(asking({})).toEqual(['DECISION', 'step', null]);
    expect(asking({ agentName: 'bob', type: 'own' })).toBeNull();
    expect(firstMatch(null, event())).toBeNull();
  });

  it('asks about a condition that was kept and cannot be read any more', () => {
    const kept = {
      human_supervision: { intervention_types: { decision: { triggers: [{ condition: 'a =' }] } } },
    };
    expect(firstMatch(kept, event())?.undecided).toBe(
      'the condition has = at character 3; it compares with ==',
    );
  });
});

describe('options (8.6)', () => {
  const ids = (options: readonly { id: string }[]) => options.map(({ id }) => id);

  it('are there for every type, each id once, and at most one recommended', () => {
    for (const type of Object.values(InterventionType)) {
      const options = checkedOptions(generatedOptions(type, null, event()), free);
      expect(options.length).toBeGreaterThan(1);
      expect(new Set(ids(options)).size).toBe(options.length);
      expect(options.filter(({ recommended }) => recommended).length).toBeLessThanOrEqual(1);
      for (const { label, description, value } of options) expect(label && description && value).toBeTruthy();
    }
  });

  it('are those of the condition where it is a built-in one, with what the context knows', () => {
    const made = (condition: string, context: ReportedEvent['context'] = {}) =>
      checkedOptions(generatedOptions('DECISION', condition, event({ context })), free);
    expect(ids(made('budget_exceeded'))).toEqual(['approve_recommended', 'reject']);
    const money = made('budget_exceeded', {
      amount: 500,
      recommendation: 'buy',
      reasoning: 'cheap',
      alternative_recommendation: 'rent',
      alternative_amount: '50',
    });
    expect(money).toMatchObject([
      {
        id: 'approve_recommended',
        description: 'buy - cheap',
        metadata: { budget_impact: 500 },
        recommended: true,
      },
      { id: 'approve_alternative', description: 'rent', metadata: { budget_impact: 50 } },
      { id: 'reject', metadata: { action: 'cancel' } },
    ]);
    expect(ids(made('team_conflict', { resolution_a_title: 'A', resolution_b_title: 'B' }))).toEqual([
      'resolution_a',
      'resolution_b',
      'modify',
      'mediation',
    ]);
    expect(ids(made('ethical_concern'))).toEqual(['halt_and_review', 'proceed_with_safeguards']);
    expect(ids(made('confidence_low'))).toEqual(['proceed_cautiously', 'gather_more_info', 'consult_expert']);
    expect(ids(made('external_api_call'))).toEqual(['proceed', 'modify', 'cancel']);
    expect(ids(made('cost > 3'))).toEqual(['proceed', 'modify', 'cancel']);
  });

  it('recommend nothing where the risk is grave: the clock would take it (4.10)', () => {
    for (const risk_level of ['high', 'CRITICAL'])
      for (const { recommended } of generatedOptions('DECISION', null, event({ context: { risk_level } })))
        expect(recommended).toBe(false);
  });

  it.each<[object, bigint | null]>([
    [{ budget_impact: 500 }, 5_000_000n],
    [{ amount: '0.00001' }, 1n],
    [{ cost: '12.5' }, 125_000n],
    [{ cost: -3 }, 0n],
    [{ cost: 'much', amount: '[amount]' }, null],
    [{ cost: 1e300 }, 1_000_000_000_000_000n],
    [{ budget_amount: 'x', cost: 1 }, 10_000n],
    [JSON.parse('{"__proto__": {"cost": 3}}'), null],
  ])('cost what their metadata says: %j', (metadata, cost) => {
    expect(costOf(metadata as never)).toBe(cost);
  });

  it('are disabled past the day, the month or the last level, with the reason', () => {
    const [one] = generatedOptions('APPROVAL', null, event({ context: { amount: 5 } }));
    const disabled = (option: object, left: { day: bigint; month: bigint } | null, levels = 3) =>
      checkedOptions([{ ...one!, ...option }], { left, levels })[0]!.disabledReason;
    expect(disabled({}, { day: 50_000n, month: 50_000n })).toBeNull();
    expect(disabled({}, { day: 49_999n, month: 90_000n })).toBe('needs $5; $4.9999 is left today');
    expect(disabled({}, { day: 90_000n, month: -1n })).toBe('needs $5; -$0.0001 is left this month');
    expect(disabled({}, null)).toBeNull();
    expect(disabled({ metadata: { escalation_level: 2 } }, null, 2)).toBeNull();
    expect(disabled({ metadata: { escalation_level: 3 } }, null, 2)).toBe(
      'there is no level 3 to escalate to',
    );
  });
});

test('a value that says nothing is as if there were none, in what is made of a built-in condition (8.6)', () => {
  for (const recommendation of ['', ' \n']) {
    const question = questionOf(
      { rule: rule('budget_exceeded'), undecided: null },
      event({ metrics: { recommendation }, context: {} }),
      { left: { day: 0n, month: 0n }, levels: 1 },
    );
    expect(question.options.find(({ id }) => id === 'approve_recommended')!.description).toBe(
      'Spend what was asked for',
    );
  }
});

test('whatever is reported, a question can be made of it, within its bounds (8.4 to 8.6)', () => {
  const json = fc.jsonValue() as fc.Arbitrary<Json>;
  const names = fc.constantFrom(
    'amount',
    'risk_level',
    'recommendation',
    'confidence',
    'resolution_a_title',
    '__proto__',
  );
  const values = fc.dictionary(names, json);
  const conditions = fc.constantFrom(
    'budget_exceeded',
    'confidence_low',
    'team_conflict',
    'a < 1',
    '__proto__',
    'toString',
  );
  fc.assert(
    fc.property(
      conditions,
      values,
      values,
      fc.option(fc.string()),
      (condition, metrics, context, undecided) => {
        const question = questionOf({ rule: rule(condition), undecided }, event({ metrics, context }), {
          left: { day: 0n, month: 0n },
          levels: 1,
        });
        expect(question.message.trim()).not.toBe('');
        expect(question.message.length).toBeLessThanOrEqual(20_000);
        for (const { label, description } of question.options) {
          expect(label.trim()).not.toBe('');
          expect(description.length).toBeLessThanOrEqual(20_000);
        }
      },
    ),
  );
});

test('a hundred triggers over a large context are decided, and none is broken off (8.4)', () => {
  const big = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`k${at}`, 'x'.repeat(40)]));
  const text = 'a'.repeat(20_000);
  const hard = `!(${Array.from({ length: 12 }, (_, at) => `t${at % 3}.contains('${'a'.repeat(30)}b')`).join(' || ')}) && 'z' in list && never`;
  const configuration = {
    human_supervision: {
      intervention_types: {
        decision: { triggers: Array.from({ length: 100 }, () => ({ condition: hard })) },
      },
    },
  };
  const given = event({
    input: `${text} privac`,
    metrics: { t0: text, t1: text, t2: text, list: Array.from({ length: 1_000 }, () => 'y') },
    context: big,
  });
  // Each is decided: none was broken off, which would ask.
  expect(firstMatch(configuration, given)).toBeNull();
});
