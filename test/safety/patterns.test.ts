import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withinTime } from '../../src/kernel/within-time.ts';
import { CONTENT_RULES } from '../../src/safety/analyzers/harmful-content.ts';
import * as personal from '../../src/safety/analyzers/personal-data.ts';
import { INJECTION_RULES } from '../../src/safety/analyzers/prompt-injection.ts';
import { looksRandom } from '../../src/safety/analyzers/random-looking.ts';
import { ASSIGNED, SAID, SHAPES } from '../../src/safety/analyzers/secrets.ts';
import { isSentOut } from '../../src/safety/analyzers/sent-out.ts';
import { snippetsOf } from '../../src/safety/analyzers/code/snippets.ts';
import { powershellDangers } from '../../src/safety/analyzers/code/powershell.ts';
import { sqlDangers } from '../../src/safety/analyzers/code/sql.ts';
import { withMasks } from '../../src/safety/mask.ts';
import { answer } from './subject.ts';

// A pattern that backtracks takes seconds for a few kilobytes, and minutes for twice as many; one that does not takes a few
// milliseconds for all of these. The bound lies far from both, and what passes it is broken off.
const LONGEST_MS = 3000;
const UNITS = 100_000;

/** What makes patterns retry: runs of what they repeat, and near misses of what they ask for. */
const seeds = [
  'a',
  'A',
  '0',
  '1',
  ' ',
  '\t',
  '\n',
  '-',
  '.',
  '_',
  '/',
  ':',
  '@',
  '+',
  '=',
  '"',
  "'",
  '`',
  '(',
  '{',
  '<',
  '!',
  '%',
  '\\',
  '$',
  '|',
  'a.',
  'a-',
  'a@',
  'a1',
  'A1 ',
  '1 ',
  '1-',
  '1.',
  '00',
  '+1',
  '::',
  'a:',
  ' a',
  'a b ',
  '//',
  '/*',
  '--',
  "''",
  '$$',
  '<!--',
  'a@b.',
  'https://',
  'https://a:',
  'http://a@',
  'password',
  'password=',
  'password is ',
  'token: ',
  'bearer ',
  'eyJa.',
  'AKIA',
  'ghp_',
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN ',
  'DE12',
  '1:',
  'ab:',
  '255.',
  'iex ',
  'Remove-Item -Recurse ',
  '```\n',
  '    x\n\n',
  '- run: |\n',
  'curl -d ',
  'fetch(',
  'ignore all ',
  'kill the ',
  'put the poison ',
  'build a ',
  'your account ',
  'do not tell ',
  '1. a ',
  'select * from ',
  'delete from ',
];
const hostile = fc
  .tuple(fc.array(fc.constantFrom(...seeds), { minLength: 1, maxLength: 4 }), fc.constantFrom(...seeds, ''))
  .map(([parts, end]) => {
    const part = parts.join('');
    return part.repeat(Math.ceil(UNITS / part.length)).slice(0, UNITS) + end;
  });

const all =
  (pattern: RegExp) =>
  (text: string): void => {
    pattern.lastIndex = 0;
    for (let found = pattern.exec(text); found && pattern.global; found = pattern.exec(text))
      if (found[0] === '') pattern.lastIndex += 1;
  };
const { EMAIL, PHONE, CARD, IBAN, IPV4, IPV6, NATIONAL_IDS } = personal;

const work: Record<string, (text: string) => unknown> = {
  ...Object.fromEntries(SHAPES.map(({ code, pattern }) => [`secret ${code}`, all(pattern)])),
  'secret assigned': all(ASSIGNED),
  'secret said': all(SAID),
  ...Object.fromEntries(
    Object.entries({ EMAIL, PHONE, CARD, IBAN, IPV4, IPV6 }).map(([name, pattern]) => [name, all(pattern)]),
  ),
  ...Object.fromEntries(NATIONAL_IDS.map(({ code, pattern }) => [code, all(pattern)])),
  'random looking': looksRandom,
  'sent out': (text) => isSentOut(text, 50_000, 50_010),
  masks: (text) => withMasks(text.slice(0, 20_000), []),
  snippets: (text) => [...snippetsOf(answer(text)), ...snippetsOf(answer({ patch: text }))],
  sql: sqlDangers,
  powershell: powershellDangers,
};

describe('no pattern can be made to backtrack', () => {
  it.each(Object.keys(work))('%s', (name) => {
    fc.assert(
      fc.property(hostile, (text) => void withinTime(LONGEST_MS, () => work[name]!(text))),
      { numRuns: 15, examples: [[':'.repeat(UNITS) + 'a']] },
    );
  });

  it('of the rules for prose, which see a thousand units at most', () => {
    const patterns = [...CONTENT_RULES, ...INJECTION_RULES].flatMap(({ all: every, none = [] }) => [
      ...every,
      ...none,
    ]);
    fc.assert(
      fc.property(hostile, (text) => {
        withinTime(LONGEST_MS, () => {
          for (const pattern of patterns) pattern.test(text.slice(0, 1000).toLowerCase());
        });
      }),
      { numRuns: 40 },
    );
  });

  it('and one that can would be noticed', () => {
    expect(() => withinTime(200, () => /^(a+)+$/.test(`${'a'.repeat(40)}!`))).toThrow('longer than 200 ms');
  });
});
