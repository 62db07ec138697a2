import type { Json } from '../../kernel/json.ts';
import type { Analyzer, Finding, Subject, Text } from '../analyzer.ts';
import { listedCount, namedCount } from './counted.ts';
import { finding, placeIn } from './matches.ts';

// Whether the answer is all of what was asked for. Nobody can tell that from outside with certainty, so each finding rests
// on something that a person can check at a glance:
//
//   empty_answer     nothing but blanks, empty lists and nulls                                              MEDIUM
//   refused          the answer says that it will not do it, and is short                                   MEDIUM
//   placeholder      a part was left for later: "TODO: implement", "[insert name]", "rest of the code"      MEDIUM
//   truncated        a code block that never ends, or a last sentence that breaks off                       MEDIUM
//   fewer_than_asked the task names a number of things, and the answer's list is shorter                    MEDIUM
//   part_unanswered  the task has numbered parts, and nothing of one part's own words is in the answer      LOW
//   no_code          a CODER was asked to write or change code, and there is none                           LOW

export const completeness: Analyzer = {
  name: 'completeness',
  looksAt: ['RESPONSE'],
  async analyze(subject) {
    if (isEmpty(subject.value))
      return [finding('COMPLETENESS', 'MEDIUM', 'empty_answer', 'The answer is empty')];
    const values = subject.texts.filter(({ isKey }) => !isKey);
    return [
      ...values.flatMap((text) => [...placeholders(text), ...brokenOff(text)]),
      ...refusals(values),
      ...againstTask(subject, values),
    ];
  },
};

const isEmpty = (value: Json): boolean =>
  value === null ||
  (typeof value === 'string' && value.trim() === '') ||
  (typeof value === 'object' && Object.values(value).every(isEmpty));

const PLACEHOLDER =
  /\[(?:insert|your|add|fill in|placeholder)\b[^\]\n]{0,60}\]|(?:\/\/|#|\/\*|--)\s*(?:\.\.\.\s*)?(?:rest of|remaining|existing) (?:the )?(?:code|file|implementation)[^\n]{0,40}|(?:your|implementation|code) (?:code |goes )here\b|\blorem ipsum\b|raise NotImplementedError|throw new Error\(['"]not implemented/gi;

/** In capitals alone: a todo list is none. */
const LEFT_OPEN = /\b(?:TODO|FIXME|TBD|XXX)\b(?:[: (][^\n]{0,80})?/g;

function* placeholders(text: Text): Generator<Finding> {
  for (const match of [...text.text.matchAll(PLACEHOLDER), ...text.text.matchAll(LEFT_OPEN)]) {
    const where = placeIn(text, match.index, match.index + match[0].length);
    yield finding('COMPLETENESS', 'MEDIUM', 'placeholder', 'A part of the answer was left for later', where);
  }
}

/** Shorter texts are names and labels. */
const LONG = 120;

function* brokenOff(text: Text): Generator<Finding> {
  const end = text.text.trimEnd();
  const where = placeIn(text, Math.max(0, end.length - 80), end.length);
  const fences = end.match(/^\s{0,3}(?:```|~~~)/gm)?.length ?? 0;
  if (fences % 2 === 1)
    yield finding('COMPLETENESS', 'MEDIUM', 'truncated', 'A code block of the answer does not end', where);
  else if (
    end.length >= LONG &&
    /(?:,|;|\(|\b(?:and|or|the|a|an|of|to|with|because|that|und|oder|der|die|das|weil))$/i.test(end)
  )
    yield finding('COMPLETENESS', 'MEDIUM', 'truncated', 'The answer breaks off within a sentence', where);
}

const REFUSES =
  /^\W{0,3}(?:i'?m sorry,? (?:but )?i (?:can(?:no|')t|am unable)|i can(?:no|')t (?:help|assist|do|provide)|i(?: wi|')ll not|i won'?t|i am (?:unable|not able) to|as an ai\b|das kann ich nicht)/i;

function* refusals(values: readonly Text[]): Generator<Finding> {
  const [only] = values;
  if (only && values.length === 1 && only.text.length < 600 && REFUSES.test(only.text))
    yield finding(
      'COMPLETENESS',
      'MEDIUM',
      'refused',
      'The agent says that it will not or cannot do it',
      placeIn(only, 0, only.text.length),
    );
}

const WRITES_CODE =
  /\b(?:write|implement|code|refactor|fix|create|add)\b[^.\n]{0,60}\b(?:function|class|method|script|module|component|endpoint|test|query|parser|migration|code|bug)\b/i;

const HOLDS_CODE = /^(?:code|commands?|scripts?|patch|diff|contents?|sql|query)$|\.[a-z]{1,4}$/i;

function* againstTask(
  { instructions, agentType, value }: Subject,
  values: readonly Text[],
): Generator<Finding> {
  if (instructions === null) return;
  const all = values.map(({ text }) => text).join('\n');
  const asked = namedCount(instructions);
  const came = Array.isArray(value) ? value.length : listedCount(all);
  // Without a list the things may stand in sentences.
  if (asked && came > 0 && came < asked.count)
    yield finding(
      'COMPLETENESS',
      'MEDIUM',
      'fewer_than_asked',
      `${asked.count} ${asked.things} were asked for, and ${came} came`,
    );
  const lower = all.toLowerCase();
  for (const part of partsOf(instructions)) {
    const own = wordsOf(part);
    if (own.length >= 2 && !own.some((word) => lower.includes(word.slice(0, 6))))
      yield {
        ...finding(
          'COMPLETENESS',
          'LOW',
          'part_unanswered',
          'Nothing in the answer speaks of this part of the task',
        ),
        evidence: part,
      };
  }
  if (
    agentType === 'CODER' &&
    WRITES_CODE.test(instructions) &&
    !values.some(({ name }) => HOLDS_CODE.test(name)) &&
    !/[{}();=<>`]|^\s*(?:def|class|function|import)\b/m.test(all)
  )
    yield finding('COMPLETENESS', 'LOW', 'no_code', 'Code was asked for, and the answer has none');
}

/** The numbered parts of a task; none where there are fewer than two. */
function partsOf(instructions: string): string[] {
  const parts = [
    ...instructions.matchAll(
      /(?:^|\n|\s)(?:\d{1,2}[.)]|[a-h]\))\s+([^\n]{8,300}?)(?=\s\d{1,2}[.)]\s|\s[a-h]\)\s|\n|$)/g,
    ),
  ].map((match) => match[1]!);
  return parts.length >= 2 ? parts.slice(0, 20) : [];
}

const COMMON = new Set(
  'about above after again against also been before being below between could does doing down during each from further have having here into itself more most once only other over same should some such than that their them then there these they this those through under until very what when where which while will with would your describe explain list give write name please'.split(
    ' ',
  ),
);
const wordsOf = (text: string): string[] =>
  (text.toLowerCase().match(/\p{L}{4,}/gu) ?? []).filter((word) => !COMMON.has(word));
