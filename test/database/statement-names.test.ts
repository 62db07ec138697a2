import { expect, test } from 'vitest';
import { createStatementNames } from '../../src/database/statement-names.ts';

const query = (sql: string, args: unknown[] = [1]) => ({ sql, args, argTypes: [] });
const often = <T>(work: () => T): T => Array.from({ length: 10 }, work).at(-1)!;

test('a statement is named once it has come often, and keeps its name', () => {
  const nameOf = createStatementNames();
  expect(nameOf(query('a'))).toBeUndefined();
  const a = often(() => nameOf(query('a')));
  const b = often(() => nameOf(query('b')));
  expect(a).toBeTypeOf('string');
  expect(b).not.toBe(a);
  expect(nameOf(query('a'))).toBe(a);
});

test('a statement without arguments stays unnamed', () => {
  const nameOf = createStatementNames();
  expect(often(() => nameOf(query('BEGIN', [])))).toBeUndefined();
});

test('names are bounded, and those given stay', () => {
  const nameOf = createStatementNames();
  const first = often(() => nameOf(query('first')));
  const names = new Set(Array.from({ length: 1_000 }, (_, index) => often(() => nameOf(query(`s${index}`)))));
  names.delete(undefined);
  expect(names.size).toBe(255);
  expect(nameOf(query('first'))).toBe(first);
});
