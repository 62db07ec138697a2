import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import published from '../../docs/supervision.schema.json' with { type: 'json' };
import { diffFiles } from '../../src/workstation/parts/line-diff.ts';
import { kindOf, type Shape, shapeAt, valuesOf } from '../../src/workstation/pages/supervision/schema-at.ts';
import { indentAfter } from '../../src/workstation/pages/supervision/yaml-indent.ts';
import { placeAt } from '../../src/workstation/pages/supervision/yaml-place.ts';

/** The place of the bar in a text. */
const place = (text: string) => {
  const at = text.indexOf('|');
  return placeAt(text.slice(0, at) + text.slice(at + 1), at);
};

describe('where in a configuration somebody writes', () => {
  test.each([
    ['a key of the document', '|\nagents:\n', [], 'key', ['agents']],
    ['a key in a mapping', 'a:\n  b:\n    c: 1\n    d|\n    e: 2\nf: 3\n', ['a', 'b'], 'key', ['c', 'e']],
    ['a value', 'a:\n  b: tr|\n', ['a', 'b'], 'value', []],
    ['an item', 'a:\n  - |\n', ['a', '*'], 'key', []],
    ['a key of an item', 'a:\n  - b: 1\n    c|\n  - d: 1\n', ['a', '*'], 'key', ['b']],
    ['an item as deep as its list', 'a:\n- b: 1\n  c|\n', ['a', '*'], 'key', ['b']],
    ['a mapping in an item', 'a:\n  - b: 1\n    c:\n      d|\n', ['a', '*', 'c'], 'key', []],
    ['past comments and blanks', 'a: # all\n\n# more\n  b|\n', ['a'], 'key', []],
  ] as const)('%s', (_, text, path, kind, siblings) => {
    expect(place(text)).toMatchObject({ path, kind, siblings });
  });

  test.each(['a: {b|', '# a|', 'a: "b|', '- [a|'])('nothing is said of %s', (text) => {
    expect(place(text)).toBeNull();
  });

  test('any text has places, or none', () => {
    const line = fc.constantFrom('a:', '  b: 1', '- c:', '  - d', '      e', '- - f: 2', '', '---', '\t');
    fc.assert(
      fc.property(fc.array(line), fc.nat(60), (lines, at) => {
        const text = lines.join('\n');
        placeAt(text, Math.min(at, text.length));
      }),
    );
  });
});

test('the published shape is followed through mappings, lists and names of one’s own', () => {
  const root = published as unknown as Shape;
  const at = (...path: string[]) => shapeAt(root, path);
  expect(kindOf(at('human_supervision', 'global', 'timeout')!)).toBe('integer, 1 to 31,536,000');
  expect(valuesOf(at('human_supervision', 'global', 'auto_continue')!)).toEqual(['true', 'false']);
  expect(at('human_supervision', 'notifications', 'templates', 'mine', 'subject')?.type).toBe('string');
  expect(
    valuesOf(at('human_supervision', 'intervention_types', 'decision', 'escalation_levels', '*', 'role')!),
  ).toEqual(['operator', 'supervisor', 'manager', 'admin']);
  expect(at('human_supervision', 'nothing')).toBeUndefined();
  expect(at('constructor')).toBeUndefined();
});

describe('what two texts differ in', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });

  test('leads from one to the other, and leaves what both have', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = diffFiles(before.join('\n'), after.join('\n'));
        const of = (kind: string) => diff.filter((line) => line.kind !== kind).map(({ text }) => text);
        expect(of('new')).toEqual(before);
        expect(of('gone')).toEqual(after);
        if (before.join() === after.join()) expect(diff.every(({ kind }) => kind === 'same')).toBe(true);
      }),
    );
  });

  test('is short, and numbered', () => {
    expect(diffFiles('a\nb\nc\n', 'a\nx\nc\n')).toEqual([
      { kind: 'same', text: 'a', before: 1, after: 1 },
      { kind: 'gone', text: 'b', before: 2, after: null },
      { kind: 'new', text: 'x', before: null, after: 2 },
      { kind: 'same', text: 'c', before: 3, after: 3 },
    ]);
  });

  test('beyond what anybody reads, all of it went and came', () => {
    const many = (word: string) => Array.from({ length: 3_000 }, (_, n) => `${word} ${n}`).join('\n');
    const diff = diffFiles(many('a'), many('b'));
    expect(diff).toHaveLength(6_000);
    expect(diff[0]?.kind).toBe('gone');
    expect(diff[3_000]?.kind).toBe('new');
  });
});

test.each([
  ['', 0],
  ['key:', 2],
  ['  key:', 4],
  ['  key: ', 4],
  ['  key: value', 2],
  ['  key:  # why', 4],
  ['  # key:', 2],
  ['  text: |', 4],
  ['  text: >-', 4],
  ['    - ', 4],
  ['    - item', 4],
  ['    - type: slack', 6],
  ['    - routes:', 8],
  ['    - "a: b"', 4],
  ['  url: http://x', 2],
])('after %j the next line begins %i in', (line, indent) => {
  expect(indentAfter(line)).toBe(indent);
});
