// Two texts, line by line: what went, what came, what stayed. Pure; the comparing is the library's.
import { diffArrays } from 'diff';

export interface DiffLine {
  kind: 'same' | 'gone' | 'new';
  text: string;
  /** From 1; null: not a line of that text. */
  before: number | null;
  after: number | null;
}

/** Side by side: a line that took another's place stands beside it. */
export interface DiffRow {
  kind: 'same' | 'changed' | 'removed' | 'added';
  left: string | null;
  right: string | null;
}

/** Rows that are shown, and stretches of unchanged ones that are folded. */
export type DiffBlock = { folded: false; rows: DiffRow[] } | { folded: true; rows: DiffRow[] };

/** Unchanged rows beside a change say where it is; a stretch of more than that is folded. */
const AROUND = 3;
const WORTH_FOLDING = 4;

export function foldSame(rows: readonly DiffRow[]): DiffBlock[] {
  const blocks: DiffBlock[] = [];
  const add = (folded: boolean, some: readonly DiffRow[]) => {
    if (some.length === 0) return;
    const last = blocks.at(-1);
    if (!folded && last && !last.folded) last.rows.push(...some);
    else blocks.push({ folded, rows: [...some] });
  };
  for (let at = 0; at < rows.length; ) {
    const { kind } = rows[at]!;
    let end = at;
    while (end < rows.length && (rows[end]!.kind === 'same') === (kind === 'same')) end += 1;
    if (kind !== 'same') add(false, rows.slice(at, end));
    else {
      const from = at === 0 ? at : Math.min(at + AROUND, end);
      const to = end === rows.length ? end : Math.max(end - AROUND, from);
      const folds = to - from >= WORTH_FOLDING;
      add(false, rows.slice(at, folds ? from : end));
      if (folds) {
        add(true, rows.slice(from, to));
        add(false, rows.slice(to, end));
      }
    }
    at = end;
  }
  return blocks;
}

/** Beyond this many changed lines nobody reads which line went where: all of it is shown as gone, then as new. */
const MOST_EDITS = 1_000;

/** Of files, whose last line ends as the others do. */
const linesOf = (text: string): string[] =>
  text === '' ? [] : text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n');

export const diffFiles = (before: string, after: string): DiffLine[] =>
  diffLines(linesOf(before), linesOf(after));

export function sideBySide(before: string, after: string): DiffRow[] {
  const rows: DiffRow[] = [];
  let gone: string[] = [];
  let added: string[] = [];
  const pair = () => {
    for (let at = 0; at < Math.max(gone.length, added.length); at += 1) {
      const [left, right] = [gone[at] ?? null, added[at] ?? null];
      const kind = left === null ? 'added' : right === null ? 'removed' : left === right ? 'same' : 'changed';
      rows.push({ kind, left, right });
    }
    [gone, added] = [[], []];
  };
  for (const { kind, text } of diffLines(before.split('\n'), after.split('\n'))) {
    if (kind === 'gone') gone.push(text);
    else if (kind === 'new') added.push(text);
    else {
      pair();
      rows.push({ kind, left: text, right: text });
    }
  }
  pair();
  return rows;
}

function diffLines(old: readonly string[], next: readonly string[]): DiffLine[] {
  const parts = diffArrays([...old], [...next], { maxEditLength: MOST_EDITS }) ?? [
    { value: old, removed: true, added: false },
    { value: next, removed: false, added: true },
  ];
  let [before, after] = [0, 0];
  return parts.flatMap(({ value, removed, added }) =>
    value.map((text): DiffLine => {
      if (removed) return { kind: 'gone', text, before: ++before, after: null };
      if (added) return { kind: 'new', text, before: null, after: ++after };
      return { kind: 'same', text, before: ++before, after: ++after };
    }),
  );
}
