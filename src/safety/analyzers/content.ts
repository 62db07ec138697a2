import type { Analyzer, Finding, Text } from '../analyzer.ts';
import { holds } from './content-rule.ts';
import { CONTENT_RULES } from './harmful-content.ts';
import { finding, placeIn } from './matches.ts';
import { INJECTION_RULES } from './prompt-injection.ts';

// Harmful prose (harmful-content.ts), texts that steer an agent (prompt-injection.ts), and characters that hide what a text says. Sentences are read one by one, so that no
// pattern ever sees more than a few hundred characters.

/** Units of one sentence; a longer one is read in pieces. */
const LONGEST_SENTENCE = 500;

interface Sentence {
  start: number;
  end: number;
  /** Lower case, words parted by single spaces, nothing invisible left in it. */
  spoken: string;
}

export const content: Analyzer = {
  name: 'content',
  looksAt: ['INPUT', 'RESPONSE'],
  async analyze({ texts }) {
    return texts.flatMap((text) => [...hiddenCharacters(text), ...harmful(text)]);
  },
};

function* harmful(text: Text): Generator<Finding> {
  if (text.text.length < 12) return;
  const sentences = sentencesOf(text.text);
  for (const [at, sentence] of sentences.entries()) {
    const passage = sentences.slice(at, at + 3);
    const passageText = passage.map(({ spoken }) => spoken).join(' ');
    for (const rule of CONTENT_RULES) {
      const wide = rule.sentences === 3;
      if (!holds(rule, wide ? passageText : sentence.spoken)) continue;
      const { end } = wide ? passage.at(-1)! : sentence;
      yield finding('CONTENT', rule.level, rule.code, rule.message, placeIn(text, sentence.start, end));
    }
    yield* injections(text, sentence);
  }
}

function* injections(text: Text, { start, end, spoken }: Sentence): Generator<Finding> {
  const plain = withoutLeet(spoken);
  for (const rule of INJECTION_RULES) {
    if (holds(rule, spoken) || (plain !== spoken && holds(rule, plain)))
      yield finding('CONTENT', rule.level, rule.code, rule.message, placeIn(text, start, end));
  }
}

function sentencesOf(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  let start = 0;
  const add = (end: number): void => {
    const spoken = asSpoken(text.slice(start, end));
    if (/\p{L}/u.test(spoken)) sentences.push({ start, end, spoken });
    start = end;
  };
  for (let at = 0; at < text.length; at++) {
    const c = text[at]!;
    const ends =
      c === '\n'
        ? text[at + 1] === '\n' || at - start > 100
        : /[.!?。！？]/.test(c) && /\s|$/.test(text[at + 1] ?? '');
    if (ends || (at - start >= LONGEST_SENTENCE && /\s/.test(c)) || at - start >= 2 * LONGEST_SENTENCE)
      add(at + 1);
  }
  if (start < text.length) add(text.length);
  return sentences;
}

const INVISIBLE = /[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu;

const asSpoken = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(INVISIBLE, '')
    .replace(/[’‘]/g, "'")
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};
/** Words of letters and digits mixed, as letters: "1gn0re" reads "ignore". */
const withoutLeet = (spoken: string): string =>
  spoken.replace(/\S+/g, (word) =>
    /[a-z]/.test(word) && /[0134570@$]/.test(word) && word.length < 30
      ? word.replace(/[013457@$]/g, (c) => LEET[c]!)
      : word,
  );

const BIDI = /[\u202A-\u202E\u2066-\u2069]/g;
/** Tags spell a hidden text, but for those of a flag (a black flag, then its region). */
const TAGS = /(?<!\u{1F3F4}[\u{E0020}-\u{E007E}]{0,8})[\u{E0020}-\u{E007E}]{2,}/gu;
const ZERO_WIDTH = /[\u200B\u2060\uFEFF\u00AD]|(?<=[A-Za-z])[\u200C\u200D](?=[A-Za-z])/g;
/** A soft hyphen or two are typography. */
const MANY_ZERO_WIDTH = 4;

function* hiddenCharacters(text: Text): Generator<Finding> {
  const flag = (
    pattern: RegExp,
    least: number,
    level: 'MEDIUM' | 'HIGH',
    code: string,
    message: string,
  ): Finding[] => {
    const found = [...text.text.matchAll(pattern)];
    if (found.length < least) return [];
    const last = found.at(-1)!;
    const where = placeIn(text, found[0]!.index, last.index + last[0].length);
    return [
      {
        ...finding('CONTENT', level, code, message, where),
        evidence: visible(text.text.slice(where.start, where.end)),
      },
    ];
  };
  yield* flag(BIDI, 1, 'HIGH', 'bidi_control', 'Characters that show a text in another order than it has');
  yield* flag(TAGS, 1, 'HIGH', 'hidden_text', 'A text in characters that nobody sees');
  yield* flag(
    ZERO_WIDTH,
    MANY_ZERO_WIDTH,
    'MEDIUM',
    'hidden_characters',
    'Invisible characters within the words',
  );
}

const visible = (text: string): string =>
  text.slice(0, 300).replace(INVISIBLE, (c) => `[U+${c.codePointAt(0)!.toString(16).toUpperCase()}]`);
