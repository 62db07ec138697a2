import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/kernel/json.ts';
import { conditionFault, holds } from '../../src/standing/conditions.ts';
import { LONGEST_SECONDS, MOST_IN_FORCE, MOST_USES } from '../../src/standing/rules.ts';

const text = readFileSync('docs/standing-approvals.md', 'utf8');
const table = /\| condition \| of `(.+)` \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(text)!;
const input = JSON.parse(table[1]!) as Json;
const rows = [...table[2]!.matchAll(/^\| `(.+)` \| (not )?true/gm)].map(
  ([, condition, not]) => [condition!, not === undefined] as const,
);

describe('docs/standing-approvals.md', () => {
  it.each(rows)('says rightly whether %s is true', (condition, expected) => {
    expect(conditionFault(condition)).toBeNull();
    expect(holds(condition, input)).toBe(expected);
  });

  it('names every function that a condition may call, and no other', () => {
    const list = /Operators, `\?:`, `in`, and ([\s\S]*?); no other function/.exec(text)![1]!;
    const named = [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
    const allowed = /only (.*)$/.exec(conditionFault('nothing(1)')!)![1]!.split(', ');
    expect(named.sort()).toEqual(allowed.sort());
  });

  it('names the bounds as they are', () => {
    expect(rows).toHaveLength(3);
    expect(text).toContain(`1 to ${MOST_USES.toLocaleString('en')}`);
    expect(text).toContain(`by at most ${LONGEST_SECONDS / 86_400} days`);
    expect(text).toContain(`${MOST_IN_FORCE} may be in force`);
  });
});
