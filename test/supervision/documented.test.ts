import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readConfiguration } from '../../src/supervision/configuration.ts';
import { configurationSchema, unsupported } from '../../src/supervision/configuration-schema.ts';

const text = readFileSync('docs/supervision.md', 'utf8');
const section = (title: string): string => text.split(`## ${title}\n`)[1]!.split('\n## ')[0]!;
const keysIn = (title: string): string[] =>
  [...section(title).matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key]) => key!);

function leaves(schema: unknown, path: string[] = []): string[] {
  if (schema instanceof z.ZodOptional) return leaves(schema.unwrap(), path);
  if (!(schema instanceof z.ZodObject)) return [path.join('.')];
  return Object.entries(schema.shape).flatMap(([key, child]) => leaves(child, [...path, key]));
}

test('docs/supervision.md has every key that is taken, and every one that is refused by name (8.1)', () => {
  expect(keysIn('What it sets')).toEqual(leaves(configurationSchema));
  expect(keysIn('What is refused')).toEqual(unsupported.map((path) => path.join('.')));
});

test('docs/supervision.md names tests that are there', () => {
  const tests = readFileSync('test/supervision/terms.test.ts', 'utf8');
  const named = [...section('What it sets').matchAll(/\| ([^|]+) \|$/gm)]
    .map(([, name]) => name!.split(';')[0]!.trim())
    .filter((name) => !['---', 'the same', 'shown by the test'].includes(name));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !tests.includes(name))).toEqual([]);
});

test('the example of docs/supervision.md is a configuration', () => {
  expect(readConfiguration(/```yaml\n([\s\S]*?)```/.exec(text)![1]!)).toMatchObject({ ok: true });
});
