import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readConfiguration } from '../../src/supervision/configuration.ts';
import { configurationSchema, typeNames, unsupported } from '../../src/supervision/configuration-schema.ts';
import { unheeded } from '../../src/supervision/unheeded.ts';

const text = readFileSync('docs/supervision.md', 'utf8');
const section = (title: string): string => text.split(`## ${title}\n`)[1]!.split('\n## ')[0]!;
const keysIn = (title: string): string[] =>
  [...section(title).matchAll(/^\| `([\w.<>]+)` \|/gm)].map(([, key]) => key!);

function leaves(schema: unknown, path: string[] = []): string[] {
  if (schema instanceof z.ZodOptional) return leaves(schema.unwrap(), path);
  if (schema instanceof z.ZodArray) return leaves(schema.element, path);
  if (!(schema instanceof z.ZodObject)) return [path.join('.')];
  return Object.entries(schema.shape).flatMap(([key, child]) => {
    // The eight types have the same settings: written once, as `<type>`.
    if (path.at(-1) === 'intervention_types' && key !== typeNames[0]) return [];
    return leaves(child, [...path, path.at(-1) === 'intervention_types' ? '<type>' : key]);
  });
}

/** As the table names it. */
const shown = (path: readonly string[]): string =>
  path
    .map((key, at) => (key === '*' && path[at - 1] === 'intervention_types' ? '<type>' : key))
    .filter((key) => key !== '*')
    .join('.');
const ignored = unheeded.map(({ path }) => shown(path));
const isIgnored = (leaf: string) => ignored.some((path) => leaf === path || leaf.startsWith(`${path}.`));

test('docs/supervision.md has every key that is taken, and every one that nothing obeys, with the reason (8.1)', () => {
  expect(keysIn('What it sets').toSorted()).toEqual(
    leaves(configurationSchema)
      .filter((leaf) => !isIgnored(leaf))
      .toSorted(),
  );
  expect(keysIn('What is not used')).toEqual(ignored);
  for (const { path, reason } of unheeded)
    expect(section('What is not used')).toContain(`| \`${shown(path)}\` | ${reason} |`);
  expect(unsupported.map((path) => path.join('.'))).toEqual(['tools']);
});

test('docs/supervision.md names tests that are there', () => {
  const tests = ['test/supervision', 'test/triggers', 'test/privacy', 'test/workstation']
    .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(name, 'utf8'))
    .join('');
  const named = [...section('What it sets').matchAll(/\| ([^|]+) \|$/gm)]
    .map(([, name]) => name!.split(';')[0]!.trim())
    .filter((name) => !['---', 'the same', 'shown by the test'].includes(name));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !tests.includes(name))).toEqual([]);
});

test('the example of docs/supervision.md is a configuration', () => {
  expect(readConfiguration(/```yaml\n([\s\S]*?)```/.exec(text)![1]!)).toMatchObject({ ok: true });
});
