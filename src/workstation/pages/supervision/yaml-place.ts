// Where in a configuration somebody is writing: by indentation, since what is being written is seldom whole YAML. Pure.

export interface Place {
  /** Keys from the document down to the mapping or the value that is being written; `*` is an item of a list. */
  path: string[];
  /** A key of the mapping at `path`, or the value at `path`. */
  kind: 'key' | 'value';
  /** What is there of it already, and where that begins. */
  word: string;
  from: number;
  /** Columns before the key: what is nested in it is written deeper. */
  indent: number;
  /** Keys that the mapping has already. */
  siblings: string[];
}

interface Line {
  /** The column of each dash that begins an item of a list here. */
  dashes: number[];
  /** The column of what follows the dashes. */
  column: number;
  key: string | null;
  /** What follows the key, or the dashes where there is none. */
  value: string;
}

const KEY = /^("?)([\w$.-]+)\1:(?:\s+(.*))?$/;
const COMMENT = /(?:^|\s)#.*$/;

function lineOf(text: string): Line | null {
  const said = text.replace(COMMENT, '').trimEnd();
  if (said.trim() === '' || /^(---|\.\.\.)/.test(said)) return null;
  let column = said.length - said.trimStart().length;
  const dashes: number[] = [];
  for (let dash = /^-(\s+|$)/.exec(said.slice(column)); dash; dash = /^-(\s+|$)/.exec(said.slice(column))) {
    dashes.push(column);
    column += dash[0].length;
  }
  const [, , key = null, value = ''] = KEY.exec(said.slice(column)) ?? [];
  return { dashes, column, key, value: key === null ? said.slice(column) : value };
}

/** Nothing is said of a flow (`{a: 1}`), a comment or a quoted text: null. */
export function placeAt(text: string, at: number): Place | null {
  const begin = text.slice(0, at).lastIndexOf('\n') + 1;
  const before = text.slice(begin, at);
  if (COMMENT.test(before) || /[{}[\]"']/.test(before)) return null;
  const [, lead = '', rest = ''] = /^(\s*(?:-\s+)*)(.*)$/.exec(before) ?? [];
  const dashes = [...lead.matchAll(/-/g)].map(({ index }) => index);
  const lines = text.split('\n');
  const row = text.slice(0, begin).split('\n').length - 1;
  const above = parentsOf(lines, row, { column: lead.length, dashes });

  const value = /^([\w$.-]+):\s+(\S*)$/.exec(rest);
  if (value) {
    const [, key = '', word = ''] = value;
    return {
      path: [...above.path, key],
      kind: 'value',
      word,
      from: at - word.length,
      indent: lead.length,
      siblings: [],
    };
  }
  if (!/^[\w$.-]*$/.test(rest)) return null;
  const siblings = [...above.siblings, ...siblingsBelow(lines, row, lead.length)];
  return { path: above.path, kind: 'key', word: rest, from: at - rest.length, indent: lead.length, siblings };
}

/** Upward to the document's beginning: what this stands in, and the keys before it in the same mapping. */
function parentsOf(
  lines: readonly string[],
  row: number,
  { column, dashes }: { column: number; dashes: readonly number[] },
): { path: string[]; siblings: string[] } {
  const path: string[] = [];
  const siblings: string[] = [];
  let within = column;
  /** The column of the dash whose list's key is looked for; null: the parent is a mapping's key. */
  let dash: number | null = null;
  let own = true;
  const enter = (at: number) => {
    path.unshift('*');
    [within, dash, own] = [at, at, false];
  };
  for (const each of dashes.toReversed()) enter(each);
  for (let up = row - 1; up >= 0 && within >= 0; up -= 1) {
    const line = lineOf(lines[up] ?? '');
    if (line === null) continue;
    if (line.key !== null && line.value === '' && isParent(line, within, dash)) {
      path.unshift(line.key);
      [within, dash, own] = [line.column, null, false];
    } else if (own && line.key !== null && line.column === within) siblings.push(line.key);
    // Of dashes only those begin what this stands in that are left of it; an item before it in the same list is none.
    for (const each of line.dashes.toReversed()) if (each < within && line.column <= within) enter(each);
  }
  return { path, siblings };
}

const isParent = (line: Line, within: number, dash: number | null): boolean =>
  line.column < within || (dash !== null && line.column === dash && line.dashes.length === 0);

function siblingsBelow(lines: readonly string[], row: number, column: number): string[] {
  const found: string[] = [];
  for (let down = row + 1; down < lines.length; down += 1) {
    const line = lineOf(lines[down] ?? '');
    if (line === null) continue;
    if ((line.dashes[0] ?? line.column) < column) break;
    if (line.key !== null && line.column === column && line.dashes.length === 0) found.push(line.key);
  }
  return found;
}
