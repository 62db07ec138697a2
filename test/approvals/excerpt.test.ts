import { describe, expect, test } from 'vitest';
import { excerptOf } from '../../src/approvals/excerpt.ts';

describe('the excerpt of an input', () => {
  test.each([
    [{}, ''],
    [{ command: 'ls\n  /srv', depth: 1, dry: false }, 'command: ls /srv, depth: 1, dry: false'],
    [{ to: ['a', 'b'], at: { x: null } }, 'to: [a, b], at: {x: null}'],
    [['a', 2], 'a, 2'],
    ['words', 'words'],
    [null, 'null'],
  ])('of %o is %s', (value, excerpt) => {
    expect(excerptOf(value)).toBe(excerpt);
  });
  test('is short, however long the input, and holds no half of a character', () => {
    const long = excerptOf({ text: '😀'.repeat(50_000) });
    expect(long.length).toBeLessThanOrEqual(200);
    expect(long.endsWith('😀…')).toBe(true);
    expect(excerptOf(Array.from({ length: 50_000 }, (_, at) => at)).length).toBe(200);
  });
});
