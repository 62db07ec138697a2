import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const rules = readFileSync('docs/behaviour.md', 'utf8');
const numbered = new Set([...rules.matchAll(/^(?:\| )?(\d+\.\d+)\b/gm)].map(([, number]) => number!));
/** Sections whose rules are still to come; a comment may already name them. */
const reserved = /^[578]\./;

test('every rule that code or a test cites stands in docs/behaviour.md', () => {
  expect(numbered.size).toBeGreaterThan(40);
  const missing: string[] = [];
  for (const file of globSync('{src,test,scripts,bench,lint}/**/*.ts', { exclude: ['src/generated/**'] })) {
    for (const [, list] of readFileSync(file, 'utf8').matchAll(/behaviour ((?:\d+\.\d+(?:, | and )?)+)/gi)) {
      for (const [number] of list!.matchAll(/\d+\.\d+/g)) {
        if (!numbered.has(number) && !reserved.test(number)) missing.push(`${file}: ${number}`);
      }
    }
  }
  expect(missing).toEqual([]);
});

/** Rules that no test can name, each with its reason. None so far. */
const untested: Record<string, string> = {};

test('every rule that stands there is named by a test, or said why not', () => {
  const named = new Set<string>();
  for (const file of globSync('test/**/*.test.ts', { exclude: ['test/guards/behaviour.test.ts'] })) {
    const text = readFileSync(file, 'utf8');
    for (const [, list] of text.matchAll(/(?:behaviour |\()((?:\d+\.\d+(?:, | and )?)+)/gi))
      for (const [number] of list!.matchAll(/\d+\.\d+/g)) named.add(number!);
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
