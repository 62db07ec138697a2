// Where a text holds what a flag points at. Evidence is what the server shows of it: on one line, shortened, its secrets
// masked with "…" in their midst. Pure.

export interface Evidence {
  text: string;
  level: string;
  label: string;
}

export interface Stretch {
  text: string;
  evidence: Evidence | null;
}

const HIDDEN = '…';
/** A part of evidence that is shorter than this says nothing about where it stands. */
const SHORTEST = 4;
const MOST = 200;
/** Evidence is a stranger's too: it is sought for so often, and never by a pattern, which could be made to take for ever. */
const MOST_TRIES = 2_000;
const LONGEST_HIDDEN = 300;

export function stretchesOf(text: string, all: readonly Evidence[]): Stretch[] {
  const places = all
    .flatMap((evidence) => placesOf(text, evidence))
    .sort((a, b) => a.start - b.start || b.end - a.end)
    .slice(0, MOST);
  const stretches: Stretch[] = [];
  let from = 0;
  for (const { start, end, evidence } of places) {
    if (start < from) continue;
    if (start > from) stretches.push({ text: text.slice(from, start), evidence: null });
    stretches.push({ text: text.slice(start, end), evidence });
    from = end;
  }
  if (from < text.length) stretches.push({ text: text.slice(from), evidence: null });
  return stretches;
}

function placesOf(text: string, evidence: Evidence): { start: number; end: number; evidence: Evidence }[] {
  const [first, ...rest] = evidence.text
    .split(HIDDEN)
    .map((part) => part.trim().replaceAll(/\s+/g, ' '))
    .filter((part) => part !== '');
  if (first === undefined || rest.reduce((sum, part) => sum + part.length, first.length) < SHORTEST)
    return [];
  const { line, at } = onOneLine(text);
  const places: { start: number; end: number; evidence: Evidence }[] = [];
  let start = line.indexOf(first);
  for (let tries = 0; start !== -1 && tries < MOST_TRIES && places.length < MOST; tries += 1) {
    const end = endOf(line, start + first.length, rest);
    if (end !== null) places.push({ start: at[start]!, end: at[end - 1]! + 1, evidence });
    start = line.indexOf(first, end ?? start + 1);
  }
  return places;
}

/** Where the rest ends that stands behind the first part, each part soon after the one before it; null: it does not. */
function endOf(line: string, from: number, rest: readonly string[]): number | null {
  let end = from;
  for (const part of rest) {
    // What is hidden between two shown parts is a secret's own middle: no blanks, and not long.
    const within = line.slice(end, end + LONGEST_HIDDEN + part.length);
    const found = within.indexOf(part, 1);
    if (found === -1 || within.slice(0, found).includes(' ')) return null;
    end += found + part.length;
  }
  return end;
}

/** The text with every run of blanks as one, and where each of its characters stood. */
function onOneLine(text: string): { line: string; at: number[] } {
  let line = '';
  const at: number[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index]!;
    const blank = /\s/.test(letter);
    if (blank && line.endsWith(' ')) continue;
    line += blank ? ' ' : letter;
    at.push(index);
  }
  return { line, at };
}
