import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const rules = readFileSync('docs/behaviour.md', 'utf8');
const numbered = new Set([...rules.matchAll(/^(?:\| )?(\d+\.\d+)\b/gm)].map(([, number]) => number!));

const LIST = String.raw`((?:\d+\.\d+(?:, | and | to )?)+)`;
const NAMED = new RegExp(`behaviour ${LIST}`, 'gi');
/** At the beginning or the end of a test's name: a number in brackets anywhere else is an argument. */
const NAMED_BY_A_TEST = [
  NAMED,
  new RegExp(`['"\`]\\(${LIST}\\)`, 'g'),
  new RegExp(`\\(${LIST}\\)['"\`]`, 'g'),
];

/** The rules that a file names: as "behaviour 1.8"; tests, in their names, also as "(1.8, 5.2)" or "(7.4 to 7.7)". */
function* cited(file: string): Generator<string> {
  const text = readFileSync(file, 'utf8');
  for (const form of file.startsWith('test/') ? NAMED_BY_A_TEST : [NAMED])
    for (const [, list] of text.matchAll(form))
      for (const [number] of list!.matchAll(/\d+\.\d+/g)) yield number;
}

test('every rule that code or a test cites stands in docs/behaviour.md', () => {
  expect(numbered.size).toBeGreaterThan(40);
  const missing: string[] = [];
  for (const file of globSync('{src,test,scripts,bench,lint}/**/*.{ts,tsx}', {
    exclude: ['src/generated/**', 'src/client/generated/**', 'src/workstation/generated/**'],
  })) {
    for (const number of cited(file)) if (!numbered.has(number)) missing.push(`${file}: ${number}`);
  }
  expect(missing).toEqual([]);
});

/** Rules that no test can name, each with its reason. None so far. */
const untested: Record<string, string> = {};

test('every rule that stands there is named by a test, or said why not', () => {
  const named = new Set<string>();
  for (const file of globSync('test/**/*.test.ts', { exclude: ['test/guards/behaviour.test.ts'] })) {
    for (const number of cited(file)) named.add(number);
  }
  const missing = [...numbered].filter((rule) => !named.has(rule) && untested[rule] === undefined);
  expect(missing).toEqual([]);
  expect(Object.keys(untested).filter((rule) => named.has(rule))).toEqual([]);
});

test('rules are numbered in order, each once', () => {
  const numbers = [...rules.matchAll(/^(?:\| )?(\d+)\.(\d+)\b/gm)].map(
    ([, section, rule]) => Number(section) * 100 + Number(rule),
  );
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
});
