import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedFindings } from '../../src/safety/findings.ts';
import { analyzers } from '../../src/safety/analyzers/built-in.ts';
import { textsOf } from '../../src/safety/evidence.ts';
import { answer } from '../safety/subject.ts';
import { samples } from '../safety/samples/samples.ts';

const never = new AbortController().signal;

// What analyzer.ts asks of every analyzer, of those that come with Holdpoint.
describe.each(analyzers.map((analyzer) => [analyzer.name, analyzer] as const))(
  'the analyzer %s',
  (name, analyzer) => {
    it('has a name of small letters and hyphens, and looks at something', () => {
      expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(analyzer.looksAt.length).toBeGreaterThan(0);
    });

    it('answers findings about places that exist, whatever JSON it is given', async () => {
      const odd = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.constantFrom(...samples.map(({ subject }) => JSON.stringify(subject.response))),
      );
      const json = fc.letrec((tie) => ({
        value: fc.oneof(
          { maxDepth: 4 },
          odd,
          fc.double(),
          fc.boolean(),
          fc.constant(null),
          fc.array(tie('value'), { maxLength: 4 }),
          fc.dictionary(odd, tie('value'), { maxKeys: 4 }),
        ),
      })).value;
      await fc.assert(
        fc.asyncProperty(json, fc.option(odd), async (value, instructions) => {
          const subject = answer(value, { instructions });
          const textAt = textsOf(subject);
          for (const finding of checkedFindings(await analyzer.analyze(subject, never))) {
            if (!finding.where) continue;
            const text = textAt(finding);
            expect(text).not.toBeNull();
            expect(finding.where.start).toBeLessThanOrEqual(finding.where.end);
            expect(finding.where.end).toBeLessThanOrEqual(text!.text.length);
          }
        }),
        { numRuns: 60 },
      );
    });

    it('finds the same in the same subject, and changes nothing of it', async () => {
      for (const { subject } of samples.slice(0, 40)) {
        const given = answer(subject.response, subject);
        const before = JSON.stringify(given);
        expect(await analyzer.analyze(given, never)).toEqual(await analyzer.analyze(given, never));
        expect(JSON.stringify(given)).toBe(before);
      }
    });

    it('says nothing of the subject in its messages', async () => {
      for (const { subject } of samples) {
        const all = JSON.stringify(subject.response);
        for (const { message } of await analyzer.analyze(answer(subject.response, subject), never))
          for (const word of message.match(/(?=\S*[\d@])\S{6,}/g) ?? []) expect(all).not.toContain(word);
      }
    });
  },
);
