import { describe, expect, it } from 'vitest';
import { completeness } from '../../src/safety/analyzers/completeness.ts';
import { consistency } from '../../src/safety/analyzers/consistency.ts';
import { found } from './subject.ts';

const complete = (value: unknown, instructions: string | null = null) =>
  found(completeness, value, { instructions });
const consistent = (value: unknown, instructions: string | null = null) =>
  found(consistency, value, { instructions });
const long =
  'The release moves to May because the translation is late, and support gets a second shift from June on. We agreed on that';

describe('completeness (5.8)', () => {
  it.each([
    ['nothing', null, null, 'empty_answer MEDIUM'],
    ['blanks in lists', [{ a: ' ' }, []], null, 'empty_answer MEDIUM'],
    ['a part for later', 'def a():\n    # TODO: implement\n    pass', null, 'placeholder MEDIUM'],
    ['a gap to fill', 'Dear [insert name], thank you.', null, 'placeholder MEDIUM'],
    ['code left out', 'const a = 1;\n// ... rest of the code', null, 'placeholder MEDIUM'],
    ['a block without an end', '```js\nconst a = 1;', null, 'truncated MEDIUM'],
    ['half a sentence', `${long} because`, null, 'truncated MEDIUM'],
    ['a refusal', "I can't help with that.", 'Write a poem.', 'refused MEDIUM'],
    ['too few', '1. One\n2. Two', 'Give me three reasons.', 'fewer_than_asked MEDIUM'],
    [
      'a part without an answer',
      'Revenue rose by four percent.',
      '1. Describe the revenue 2. Describe the churn of subscribers',
      'part_unanswered LOW',
    ],
    ['no code', 'I have done it.', 'Write a function that adds.', 'no_code LOW'],
  ])('finds %s', async (_, value, instructions, expected) => {
    expect(await complete(value, instructions)).toEqual([expected]);
  });

  it.each([
    ['a number', 27, 'How many?'],
    ['false', false, 'Is it open?'],
    ['a word', 'Yes', 'Is it open?'],
    ['a list without the word for it', '1. One\n2. Two\n3. Three', 'Give me three reasons.'],
    ['things in sentences', 'First this, then that, and then the rest.', 'Give me three reasons.'],
    ['the word todo', 'The todo list is empty.', null],
    [
      'both parts',
      'Revenue rose; churn fell.',
      '1. Describe the revenue 2. Describe the churn of subscribers',
    ],
    ['a whole block', '```js\nconst a = 1;\n```', 'Write a function that adds.'],
  ])('finds nothing wrong with %s', async (_, value, instructions) => {
    expect(await complete(value, instructions)).toEqual([]);
  });
});

describe('consistency (5.8)', () => {
  it.each([
    ['prose for JSON', 'The answer is four.', 'Answer as JSON.', 'wrong_format MEDIUM'],
    [
      'English for German',
      'The order is on the way and you will have it with you this week, not later than that.',
      'Answer in German.',
      'wrong_language MEDIUM',
    ],
    ['JavaScript for Python', '```js\nlet a;\n```', 'Write it in Python.', 'wrong_code MEDIUM'],
    ['a wrong count', { count: 3, jobs: [1, 2] }, null, 'count_disagrees MEDIUM'],
    ['a wrong announcement', 'It takes three steps:\n\n1. A\n2. B', null, 'count_disagrees MEDIUM'],
    [
      'a contradiction',
      'The tests pass on main. The tests do not pass on main.',
      null,
      'contradiction MEDIUM',
    ],
    [
      'success with an error',
      { result: { success: true, error: 'no such table' } },
      null,
      'status_disagrees MEDIUM',
    ],
  ])('finds %s', async (_, value, instructions, expected) => {
    expect(await consistent(value, instructions)).toEqual([expected]);
  });

  it.each([
    ['JSON in a block', '```json\n{"a": 1}\n```', 'Answer as JSON.'],
    ['a structured value for JSON', { a: 1 }, 'Answer as JSON.'],
    [
      'German for German',
      'Die Lieferung ist auf dem Weg und wird nicht vor Freitag mit der Post für Sie da sein.',
      'Answer in German.',
    ],
    ['a right count', { count: 2, jobs: [1, 2] }, null],
    ['success without an error', { success: true, error: null, errors: [] }, null],
    [
      'a shell block beside Python',
      '```bash\npip install x\n```\n```python\nx = 1\n```',
      'Write it in Python.',
    ],
    ['two that differ', 'The tests pass on main. The tests do not pass on the branch.', null],
  ])('finds nothing wrong with %s', async (_, value, instructions) => {
    expect(await consistent(value, instructions)).toEqual([]);
  });
});
