import type { Json } from '../../../kernel/json.ts';
import type { Subject, Text } from '../../analyzer.ts';
import { step } from '../../subject.ts';

// Commands that are given as their words: `["rm", "-rf", "/"]`, `{command: "rm", args: ["-rf", "/"]}`, as tools take them.

const WORDS_NAME = /^(?:command|cmd|argv|args|arguments|entrypoint|exec|run)$/i;

/** The command in one line, with the text that it begins with. */
export interface WordsOfCommand {
  text: Text;
  line: string;
}

export function commandsInWords({ value, texts }: Subject): WordsOfCommand[] {
  const lines = new Map<Json[], string>();
  collect(value, '', lines);
  if (lines.size === 0) return [];
  const byPath = new Map(texts.filter(({ isKey }) => !isKey).map((text) => [text.path, text]));
  const found: WordsOfCommand[] = [];
  locate(value, '$', (list, path) => {
    const line = lines.get(list);
    const text = byPath.get(`${path}[0]`);
    if (line !== undefined && text) found.push({ text, line });
  });
  return found;
}

function collect(value: Json, name: string, lines: Map<Json[], string>): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    if (WORDS_NAME.test(name) && isWords(value)) lines.set(value, value.map(quoted).join(' '));
    for (const child of value) collect(child, '', lines);
    return;
  }
  for (const [key, child] of Object.entries(value)) collect(child, key, lines);
  const program = value.command ?? value.cmd ?? value.program;
  const args = value.args ?? value.arguments ?? value.argv;
  if (typeof program === 'string' && Array.isArray(args) && isWords(args))
    lines.set(args, [program, ...args.map(quoted)].join(' '));
}

const isWords = (list: Json[]): list is string[] =>
  list.length > 0 &&
  list.length < 200 &&
  list.every((word) => typeof word === 'string' && word.length < 5000);

/** As the shell would have to be told it: a word of several is one word. */
const quoted = (word: string): string =>
  /^[\w./:=@%+,~*-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

function locate(value: Json, path: string, at: (list: Json[], path: string) => void): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    at(value, path);
    for (const [index, child] of value.entries()) locate(child, `${path}[${index}]`, at);
    return;
  }
  for (const [key, child] of Object.entries(value)) locate(child, path + step(key), at);
}
