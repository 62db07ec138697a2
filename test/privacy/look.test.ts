import { describe, expect, test } from 'vitest';
import { maySensitive } from '../../src/privacy/look.ts';
import { personalData } from '../../src/safety/analyzers/personal-data.ts';
import { secrets } from '../../src/safety/analyzers/secrets.ts';
import { toSubject } from '../../src/safety/subject.ts';
import { samples } from '../safety/samples/samples.ts';

describe('the look that every text pays (8.8)', () => {
  test('passes nothing that the analyzers find in any labelled sample', async () => {
    const { signal } = new AbortController();
    let found = 0;
    for (const { subject } of samples) {
      const asked = {
        kind: 'RESPONSE',
        agentType: null,
        instructions: null,
        value: subject.response,
      } as const;
      const { texts, ...rest } = toSubject(asked);
      const findings = [
        ...(await secrets.analyze({ texts, ...rest }, signal)),
        ...(await personalData.analyze({ texts, ...rest }, signal)),
      ];
      for (const { level, where } of findings) {
        if (level === 'LOW') continue;
        const { path, isKey = false } = where!;
        const text = texts.find((each) => each.path === path && each.isKey === isKey)!;
        expect(maySensitive(text.text, text.name), text.text).toBe(true);
        found += 1;
      }
    }
    expect(found).toBeGreaterThan(50);
  });

  test('passes what is everyday, and what the house itself writes', () => {
    for (const text of [
      'May I deploy build 4711 of the billing service to production? All 312 tests passed.',
      'intervention_01k7zq8w9hf3q8v6t4s2r0p9n8',
      '2026-11-25T08:46:44.123Z',
      'a'.repeat(100_000),
      '[masked:01k7zq8w9hf3q8v6t4s2r0p9n8] has paid',
    ])
      expect(maySensitive(text), text.slice(0, 80)).toBe(false);
  });

  test('looks at what stands under a name for secrets', () => {
    expect(maySensitive('correcthorse', 'password')).toBe(true);
    expect(maySensitive('correcthorse', 'animal')).toBe(false);
  });
});
