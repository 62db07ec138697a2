import { describe, expect, it } from 'vitest';
import { systemActor } from '../../src/identity/viewer.ts';
import { foldResponse, type HumanResponse, resolutionOf } from '../../src/interventions/response.ts';

const response = (more: Partial<HumanResponse> = {}): HumanResponse => ({
  responseType: 'approve',
  content: 'yes',
  selectedOption: null,
  customInput: null,
  reasoning: null,
  modifications: null,
  answer: null,
  metadata: {},
  respondedBy: systemActor,
  timestamp: '',
  ...more,
});
const option = (metadata: HumanResponse['metadata'], value = 'a') => ({
  id: 'a',
  label: 'A',
  description: '',
  value,
  category: 'SELECTION' as const,
  metadata,
  recommended: false,
  disabled: false,
  disabledReason: null,
});

describe('behaviour 4.3: what each response type resolves to', () => {
  it.each([
    ['approve', 'APPROVED'],
    ['reject', 'REJECTED'],
    ['modify', 'MODIFIED'],
    ['select_option', 'OPTION_SELECTED'],
    ['auto_continue', 'AUTO_CONTINUE'],
    ['advice', 'RESPONDED'],
    ['constructor', 'RESPONDED'],
  ])('%s: %s', (type, expected) => expect(resolutionOf(type)).toBe(expected));
});

describe('behaviour 3.5: the answer is folded into the context', () => {
  it.each([
    ['approve', { approval_granted: true }],
    ['reject', { approval_denied: true }],
    ['modify', { modification_requested: true }],
    ['auto_continue', {}],
    ['advice', {}],
  ])('%s', (responseType, flags) => {
    expect(foldResponse({ kept: 1 }, response({ responseType }), false)).toEqual({
      kept: 1,
      human_response: 'yes',
      response_type: responseType,
      ...flags,
    });
  });

  it('with reasoning, custom input, the option and its metadata, and that it was escalated by hand', () => {
    const given = response({
      responseType: 'select_option',
      selectedOption: option({ price: 3 }, 'reject'),
      customInput: 'c',
      reasoning: 'r',
    });
    expect(foldResponse({ price: 1 }, given, true)).toEqual({
      price: 3,
      human_response: 'yes',
      response_type: 'select_option',
      selected_option: option({ price: 3 }, 'reject'),
      custom_input: 'c',
      human_reasoning: 'r',
      approval_denied: true,
      escalation_requested: true,
    });
  });

  it('reserved keys win over metadata, and a person’s own metadata does not come in', () => {
    const given = response({
      responseType: 'reject',
      selectedOption: option({ approval_granted: true, human_response: 'forged' }),
      metadata: { theirs: 1 },
    });
    const folded = foldResponse({}, given, false);
    expect(folded).toMatchObject({ human_response: 'yes', approval_denied: true });
    expect(folded).not.toHaveProperty('approval_granted');
    expect(folded).not.toHaveProperty('theirs');
  });

  it('what an earlier answer left goes', () => {
    const earlier = foldResponse(
      { mine: 1 },
      response({ responseType: 'reject', reasoning: 'no', customInput: 'x', selectedOption: option({}) }),
      true,
    );
    expect(foldResponse(earlier, response(), false)).toEqual({
      mine: 1,
      human_response: 'yes',
      response_type: 'approve',
      approval_granted: true,
    });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    '%s as a key is data like any other',
    (key) => {
      const hostile = JSON.parse(`{${JSON.stringify(key)}: {"polluted": true}}`);
      for (const folded of [
        foldResponse(hostile, response(), false),
        foldResponse({}, response({ selectedOption: option(hostile) }), false),
      ]) {
        expect(Object.getPrototypeOf(folded)).toBe(Object.prototype);
        expect(Object.getOwnPropertyDescriptor(folded, key)?.value).toEqual({ polluted: true });
        expect((folded as { polluted?: true }).polluted).toBeUndefined();
        expect(JSON.parse(JSON.stringify(folded))).toEqual(folded);
      }
      expect(({} as { polluted?: true }).polluted).toBeUndefined();
    },
  );

  it('behaviour 10.3: however many answers are folded in, the context stays within its bound', () => {
    let context = {};
    for (let round = 0; round < 6; round += 1) {
      context = foldResponse(
        context,
        response({
          responseType: 'select_option',
          selectedOption: option({ [`k${round}`]: 'x'.repeat(100_000) }),
        }),
        false,
      );
    }
    expect(Object.keys(context)).toEqual(expect.arrayContaining(['k0', 'k1', 'selected_option']));
    expect(context).not.toHaveProperty('k5');
    expect(context).toHaveProperty('selected_option.metadata.k5');
    expect(Buffer.byteLength(JSON.stringify(context))).toBeLessThan(2 * 256 * 1024 + 30_000);
  });
});
