import type { Json } from '../../kernel/json.ts';
import type { Analyzer, Finding, Subject, Text } from '../analyzer.ts';
import { listedCount, namedCount } from './counted.ts';
import { finding, placeIn } from './matches.ts';

// Whether the answer fits what was asked for, and itself. Each finding rests on two things that can be laid side by side:
//
//   wrong_format      JSON, YAML, CSV, SQL or a table was asked for, and the answer is none                 MEDIUM
//   wrong_language    a language was asked for by name, and the common words are another one's              MEDIUM
//   wrong_code        a programming language was asked for, and all code blocks name another one            MEDIUM
//   count_disagrees   `count: 3` beside a list of two; "in three steps" before a list of four               MEDIUM
//   contradiction     two sentences of the same words, one of them negated                                  MEDIUM
//   status_disagrees  `success: true` beside an error, or the other way round                               MEDIUM

export const consistency: Analyzer = {
  name: 'consistency',
  looksAt: ['RESPONSE'],
  async analyze(subject) {
    const values = subject.texts.filter(({ isKey }) => !isKey);
    return [
      ...formats(subject, values),
      ...languages(subject, values),
      ...within(subject.value, '$'),
      ...values.flatMap((text) => [...announced(text), ...contradictions(text)]),
    ];
  },
};

const found = (code: string, message: string, text?: Text): Finding =>
  finding('CONSISTENCY', 'MEDIUM', code, message, text && placeIn(text, 0, Math.min(160, text.text.length)));

function* formats({ instructions, value }: Subject, values: readonly Text[]): Generator<Finding> {
  const format =
    /\b(?:as|in|return|output|respond with|reply with|give me|valid) (?:an? )?(?:valid |plain |raw )?(json|yaml|csv|sql)\b(?! (?:schema|column|file|injection))/i
      .exec(instructions ?? '')?.[1]
      ?.toLowerCase();
  // A structured value can be written down in any of them.
  if (format === undefined || typeof value !== 'string') return;
  const inner = /^\s*```\w*\n([\s\S]*?)\n?```\s*$/.exec(value)?.[1] ?? value;
  const fits =
    format === 'json'
      ? isJson(inner) || /```json/i.test(value)
      : format === 'yaml'
        ? /^\s*(?:- |[\w"'-]+\s*:)/m.test(inner)
        : format === 'csv'
          ? /[,;\t]/.test(inner)
          : /\b(?:select|insert|update|delete|create|alter|with)\b/i.test(inner);
  if (!fits)
    yield found('wrong_format', `${format.toUpperCase()} was asked for, and the answer is none`, values[0]);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Words that are common in one of these languages and in none of the others. */
const COMMON: Readonly<Record<string, RegExp>> = {
  english: /\b(?:the|and|is|are|with|for|this|that|you|have|will|not)\b/gi,
  german: /\b(?:der|die|das|und|ist|nicht|mit|für|ein|eine|sie|wird|auf|ihre?)\b/gi,
  french: /\b(?:le|les|des|est|et|une|dans|pour|vous|avec|sur|pas|nous)\b/gi,
  spanish: /\b(?:el|los|las|una|para|con|por|del|está|usted|que|más)\b/gi,
  italian: /\b(?:il|gli|che|della|sono|per|con|una|non|più|questo)\b/gi,
  dutch: /\b(?:het|een|van|voor|niet|zijn|wordt|met|deze|wij)\b/gi,
};
const ASKED_LANGUAGE: readonly (readonly [string, RegExp])[] = [
  ['english', /\b(?:in|into) english\b|auf englisch/i],
  ['german', /\b(?:in|into) german\b|auf deutsch|ins deutsche/i],
  ['french', /\b(?:in|into) french\b|en français|auf französisch/i],
  ['spanish', /\b(?:in|into) spanish\b|en español|auf spanisch/i],
  ['italian', /\b(?:in|into) italian\b|in italiano/i],
  ['dutch', /\b(?:in|into) dutch\b|in het nederlands/i],
];
/** Common words that a text needs for its language to be told. */
const ENOUGH_WORDS = 8;

function* languages({ instructions }: Subject, values: readonly Text[]): Generator<Finding> {
  if (instructions === null) return;
  const asked = ASKED_LANGUAGE.find(([, pattern]) => pattern.test(instructions))?.[0];
  const prose = values
    .map(({ text }) => text)
    .join('\n')
    .replace(/```[\s\S]*?(?:```|$)/g, '')
    .slice(0, 20_000);
  if (asked !== undefined) {
    const counts = Object.entries(COMMON).map(([name, pattern]) => ({
      name,
      count: prose.match(pattern)?.length ?? 0,
    }));
    const top = counts.sort((a, b) => b.count - a.count)[0]!;
    const own = counts.find(({ name }) => name === asked)!.count;
    if (top.count >= ENOUGH_WORDS && own * 3 < top.count)
      yield found('wrong_language', `The answer should be ${asked}, and reads as ${top.name}`, values[0]);
  }
  yield* codeLanguages(instructions, values);
}

const CODE_LANGUAGE =
  /\bin (python|typescript|javascript|java|go|golang|rust|ruby|php|bash|c#|kotlin|swift|sql)\b/i;
const SAME: Readonly<Record<string, string>> = {
  py: 'python',
  python3: 'python',
  ts: 'typescript',
  tsx: 'typescript',
  js: 'javascript',
  jsx: 'javascript',
  mjs: 'javascript',
  golang: 'go',
  rs: 'rust',
  rb: 'ruby',
  sh: 'bash',
  shell: 'bash',
  csharp: 'c#',
  cs: 'c#',
  kt: 'kotlin',
};

function* codeLanguages(instructions: string, values: readonly Text[]): Generator<Finding> {
  const asked = CODE_LANGUAGE.exec(instructions)?.[1]?.toLowerCase();
  if (asked === undefined) return;
  const wanted = SAME[asked] ?? asked;
  const blocks = values.flatMap(({ text }) =>
    [...text.matchAll(/^\s{0,3}```([\w+#]+)/gm)].map(
      (match) => SAME[match[1]!.toLowerCase()] ?? match[1]!.toLowerCase(),
    ),
  );
  const programs = blocks.filter(
    (name) =>
      !/^(?:json|yaml|yml|text|txt|toml|ini|bash|console|diff|md|html|css)$/.test(name) || name === wanted,
  );
  if (programs.length > 0 && !programs.includes(wanted))
    yield found('wrong_code', `${wanted} was asked for, and the code is ${programs[0]}`);
}

/** What an object says of itself. */
function* within(value: Json, path: string): Generator<Finding> {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const [at, child] of value.entries()) yield* within(child, `${path}[${at}]`);
    return;
  }
  const lists = Object.values(value).filter((child) => Array.isArray(child));
  for (const name of ['count', 'total_count', 'totalCount']) {
    const count = value[name];
    if (typeof count === 'number' && lists.length === 1 && lists[0]!.length !== count)
      yield {
        ...found('count_disagrees', `It says ${count}, and lists ${lists[0]!.length}`),
        evidence: `${path}.${name}`,
      };
  }
  const fault = value.error ?? value.errors;
  const hasFault = Array.isArray(fault)
    ? fault.length > 0
    : fault !== undefined && fault !== null && fault !== '' && fault !== false;
  if ((value.success === true || value.ok === true) && hasFault)
    yield { ...found('status_disagrees', 'It says that it succeeded, and names an error'), evidence: path };
  for (const [key, child] of Object.entries(value)) yield* within(child, `${path}.${key}`);
}

/** "in three steps:" before a list of four. */
function* announced(text: Text): Generator<Finding> {
  const first = text.text.search(/^\s{0,3}(?:[-*•+]|\d{1,2}[.)])\s+\S/m);
  if (first <= 0) return;
  const before = text.text.slice(Math.max(0, first - 120), first).trimEnd();
  const said = before.endsWith(':') ? namedCount(before.slice(before.search(/[^.\n]*$/))) : null;
  const listed = listedCount(text.text);
  if (said && listed !== said.count)
    yield found('count_disagrees', `It announces ${said.count} ${said.things}, and lists ${listed}`, text);
}

const NOT =
  /\b(?:not|no|never|isn't|aren't|wasn't|weren't|doesn't|don't|didn't|can't|cannot|won't|nicht|kein|keine|nie)\b/gi;
/** Sentences that are compared with one another, at most. */
const MAX_SENTENCES = 500;

function* contradictions(text: Text): Generator<Finding> {
  const said = new Map<string, boolean>();
  for (const match of [...text.text.matchAll(/[^.!?\n]{12,200}[.!]/g)].slice(0, MAX_SENTENCES)) {
    const sentence = match[0].toLowerCase();
    const negated = (sentence.match(NOT)?.length ?? 0) % 2 === 1;
    const words = sentence.replace(NOT, '').match(/\p{L}+|\d+/gu) ?? [];
    const core = words
      .filter((word) => !/^(?:do|does|did|is|are|was|were|the|a|an|it|can|will)$/.test(word))
      .map((word) => word.replace(/s$/, ''))
      .sort()
      .join(' ');
    if (core.split(' ').length < 2) continue;
    if (said.has(core) && said.get(core) !== negated)
      yield finding(
        'CONSISTENCY',
        'MEDIUM',
        'contradiction',
        'Two sentences say the opposite of one another',
        placeIn(text, match.index, match.index + match[0].length),
      );
    else said.set(core, negated);
  }
}
