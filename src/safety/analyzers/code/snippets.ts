import type { Subject, Text } from '../../analyzer.ts';
import { byFileName, type CodeLanguage, guess, isCommandLine, named } from './guess.ts';

// Where code stands in a subject: in members that are called so, in fenced and indented blocks, in a command that the
// text says to run, and in a text that is code throughout.

export interface Snippet {
  text: Text;
  /** Where in the text the source begins. */
  start: number;
  source: string;
  language: CodeLanguage;
  /** The prose before it says that this is how it should not be done. */
  warned: boolean;
}

const CODE_NAME =
  /^(?:code|snippet|source|sources?_?code|script|scripts|command|commands|cmd|shell|bash|run|exec|patch|diff|content|contents|body|sql|query|statement|migration|file_?contents?|implementation|python|javascript|typescript|function|handler|steps?)$/i;
const SHELL_NAME = /^(?:script|scripts|command|commands|cmd|shell|bash|run|exec)$/i;
const SQL_NAME = /^(?:sql|query|statement|migration)$/i;

export function* snippetsOf({ texts }: Subject): Generator<Snippet> {
  const values = new Map(texts.filter(({ isKey }) => !isKey).map((text) => [text.path, text.text]));
  for (const text of texts) {
    if (text.isKey || text.text.trim() === '') continue;
    const blocks = [...fenced(text)];
    if (blocks.length > 0) yield* blocks;
    else yield* unfenced(text, languageBeside(text, values));
    yield* inline(text);
  }
}

/** What the members beside it say of the language: `language`, `path`, or its own name where that is a file's. */
function languageBeside(text: Text, values: ReadonlyMap<string, string>): CodeLanguage | null {
  const parent = text.path.slice(0, Math.max(text.path.lastIndexOf('.'), text.path.lastIndexOf('[')));
  for (const member of ['language', 'lang']) {
    const said = values.get(`${parent}.${member}`);
    if (said !== undefined && named(said)) return named(said);
  }
  for (const member of ['path', 'file', 'filename', 'filePath', 'name']) {
    const said = values.get(`${parent}.${member}`);
    if (said !== undefined && byFileName(said)) return byFileName(said);
  }
  return byFileName(text.name);
}

function* unfenced(text: Text, beside: CodeLanguage | null): Generator<Snippet> {
  const diff =
    /^(?:diff --git|--- |\+\+\+ |@@ )/m.test(text.text) ||
    (/^(?:patch|diff)$/i.test(text.name) && /^[+-]/m.test(text.text));
  if (diff) {
    const source = added(text.text);
    const language =
      byFileName(/^\+\+\+ (?:b\/)?(\S+)/m.exec(text.text)?.[1] ?? '') ??
      beside ??
      guess(source.trimStart()) ??
      null;
    if (language) yield { text, start: 0, source, language, warned: false };
    return;
  }
  const language = beside ?? guess(text.text) ?? byName(text);
  if (language && language !== 'other') yield { text, start: 0, source: text.text, language, warned: false };
  else yield* indented(text);
}

function byName({ name, text }: Text): CodeLanguage | null {
  if (SQL_NAME.test(name) && /^\s*(?:select|update|delete|drop|insert|truncate|with|alter)\b/i.test(text))
    return 'sql';
  if (SHELL_NAME.test(name) && /^\s*[\w./$~({:-]+/.test(text)) return 'bash';
  return CODE_NAME.test(name) && /[;{}()=]/.test(text) ? 'tsx' : null;
}

/** What a diff adds and keeps, at the same places: what it removes is blanked, and so is its first column. */
const added = (diff: string): string =>
  diff
    .split('\n')
    .map((line) =>
      /^(?:---|\+\+\+|@@|diff |index |-)/.test(line) ? ' '.repeat(line.length) : line.replace(/^[+ ]/, ' '),
    )
    .join('\n');

function* fenced(text: Text): Generator<Snippet> {
  const lines = text.text.split('\n');
  let at = 0;
  let open: { fence: string; info: string; start: number; before: number } | null = null;
  for (const line of lines) {
    const mark = /^\s{0,12}(?:[-*+]\s)?(`{3,}|~{3,})\s*([\w+#.-]*)/.exec(line);
    if (mark && open === null)
      open = { fence: mark[1]!, info: mark[2]!, start: at + line.length + 1, before: at };
    else if (mark && open && mark[1]!.startsWith(open.fence) && mark[2] === '') {
      yield* block(text, open, at);
      open = null;
    }
    at += line.length + 1;
  }
  if (open) yield* block(text, open, text.text.length);
}

function* block(
  text: Text,
  open: { info: string; start: number; before: number },
  end: number,
): Generator<Snippet> {
  const source = text.text.slice(open.start, end);
  const told = named(open.info);
  const language =
    told === null || told === 'other' ? (guess(source) ?? (open.info === '' ? null : told)) : told;
  if (language === null || language === 'other' || source.trim() === '') return;
  yield { text, start: open.start, source, language, warned: isWarned(text.text.slice(0, open.before)) };
}

/** Lines set off by four blanks or a tab after an empty line, as Markdown has code. */
function* indented(text: Text): Generator<Snippet> {
  for (const match of text.text.matchAll(/(?<=\n\s{0,80}\n)(?:(?: {4}|\t)[^\n]*(?:\n|$))+/g)) {
    const language = guess(match[0].replace(/^(?: {4}|\t)/gm, ''));
    if (language)
      yield {
        text,
        start: match.index,
        source: match[0],
        language,
        warned: isWarned(text.text.slice(0, match.index)),
      };
  }
}

const SAYS_TO_RUN =
  /\b(?:run|runs|execute|executes|type|paste|enter|use|call|start|schedule|führe|starte)\b/i;

/** `command` in prose that says to run it. */
function* inline(text: Text): Generator<Snippet> {
  for (const match of text.text.matchAll(/(?<!`)`([^`\n]{4,500})`(?!`)/g)) {
    const before = text.text.slice(Math.max(0, match.index - 160), match.index);
    if (!isCommandLine(match[1]!) || !SAYS_TO_RUN.test(lastSentence(before))) continue;
    const source = match[1]!;
    yield { text, start: match.index + 1, source, language: 'bash', warned: isWarned(before) };
  }
}

const WARNING =
  /\b(?:never|do not|don't|avoid|instead of|rather than|vulnerable|insecure|unsafe|dangerous|harmful|bad example|wrong|anti-?pattern|must not|should not|shouldn't)\b/i;

/** The last sentence of the prose before it, or its heading, warns of what follows. */
function isWarned(before: string): boolean {
  const tail = before.slice(-240).trimEnd();
  let end = tail.length;
  while (end > 0 && '.!?:'.includes(tail[end - 1]!)) end -= 1;
  return WARNING.test(lastSentence(tail.slice(0, end)));
}

/** What follows the last end of a sentence or line. By hand: a pattern that ends in `$` begins anew at each character. */
function lastSentence(text: string): string {
  let start = text.length;
  while (start > 0 && !'.!?\n'.includes(text[start - 1]!)) start -= 1;
  return text.slice(start);
}
