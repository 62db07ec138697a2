import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, type Json } from '../../src/kernel/json.ts';
import { actionDigest } from '../../src/permits/action-digest.ts';
import { withDatabase } from '../support/database.ts';

const database = withDatabase();
const action = { agentName: 'deployer', proposedAction: 'deploy' };
const digestOf = (canonical: string) =>
  createHash('sha256')
    .update(`{"agentName":"deployer","input":${canonical},"proposedAction":"deploy"}`)
    .digest('hex');

/** RFC 8785, appendix B: the number with these bits is written like this. */
const numbers: [bits: string, text: string][] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
];

/** Its sections 3.2.2 and 3.2.3, and what else a writer of canonical JSON gets wrong. */
const texts: [what: string, text: string, canonical: string][] = [
  [
    'numbers, escapes and literals',
    String.raw`{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`,
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  ],
  [
    'keys in the order of their UTF-16 units',
    String.raw`{"\u20ac": 5, "\r": 1, "\ufb33": 7, "1": 2, "\ud83d\ude00": 6, "\u0080": 3, "\u00f6": 4}`,
    '{"\\r":1,"1":2,"\u0080":3,"ö":4,"€":5,"😀":6,"\ufb33":7}',
  ],
  [
    'keys at every depth, numbers as text',
    '{"b":[{"z":1,"a":2}],"10":1,"9":2}',
    '{"10":1,"9":2,"b":[{"a":2,"z":1}]}',
  ],
  [
    'keys that reach prototypes',
    '{"constructor":1,"__proto__":{"b":1,"a":2}}',
    '{"__proto__":{"a":2,"b":1},"constructor":1}',
  ],
  ['no normalising of Unicode', String.raw`["\u00e9", "e\u0301"]`, '["é","e\u0301"]'],
  ['nothing', 'null', 'null'],
];

describe('the digest of an action', () => {
  test.each(numbers)('behaviour 5.6: writes the number %s as RFC 8785 does: %s', (bits, text) => {
    const input = Buffer.from(bits, 'hex').readDoubleBE();
    expect(actionDigest({ ...action, input })).toBe(digestOf(text));
  });

  test.each(texts)('behaviour 5.6: RFC 8785: %s', (_, text, canonical) => {
    const input = JSON.parse(text) as Json;
    expect(canonicalJson(input)).toBe(canonical);
    expect(actionDigest({ ...action, input })).toBe(digestOf(canonical));
  });

  test('is what anyone computes from the three members and nothing else', () => {
    const input = { to: 'prod', version: 2 };
    expect(actionDigest({ ...action, input, id: 'x' } as typeof action & { input: Json })).toBe(
      '4e4e6fc9ff77d6c36c5aeb74ae241d62ed998a23acf30bf36e1d870e2dc2d3ee',
    );
  });

  test('refuses what JSON has no word for', () => {
    for (const input of [NaN, Infinity, '\ud800']) expect(() => actionDigest({ ...action, input })).toThrow();
  });

  test('is another one for another action, and the same however the input was written down', () => {
    const json = fc.jsonValue() as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        json,
        json,
        (name, act, one, other) => {
          const of = (input: Json) => actionDigest({ agentName: name, proposedAction: act, input });
          expect(of(one)).toBe(of(JSON.parse(JSON.stringify(one, null, 2)) as Json));
          expect(of(one) === of(other)).toBe(canonicalJson(one) === canonicalJson(other));
          if (name !== act)
            expect(of(one)).not.toBe(actionDigest({ agentName: act, proposedAction: name, input: one }));
        },
      ),
    );
  });

  test('is the same for an input that the database has kept', async () => {
    for (const [, text] of texts) {
      const input = JSON.parse(text) as Json;
      const [row] = await database().prisma.$queryRaw<{ kept: Json }[]>`SELECT ${text}::jsonb AS kept`;
      expect(actionDigest({ ...action, input: row!.kept })).toBe(actionDigest({ ...action, input }));
    }
    const values = numbers.map(([bits]) => Buffer.from(bits, 'hex').readDoubleBE());
    const [row] = await database().prisma.$queryRaw<{ kept: Json }[]>`
      SELECT ${JSON.stringify(values)}::jsonb AS kept`;
    expect(actionDigest({ ...action, input: row!.kept })).toBe(actionDigest({ ...action, input: values }));
  });
});
