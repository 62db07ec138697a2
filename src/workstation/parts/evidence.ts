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
  if (first === undefined) return [];
  const { line, at } = onOneLine(text);
  const shown = rest.reduce((sum, part) => sum + part.length, first.length);
  const whole = evidence.text.trim();
  // So little of it is found as a word of its own, and not where its end or its beginning is hidden.
  if (shown < SHORTEST && (shown < 2 || whole.includes(HIDDEN))) return [];
  const alone = shown < SHORTEST;
  const endsHidden = whole.startsWith(HIDDEN) && rest.length === 0;
  const places: { start: number; end: number; evidence: Evidence }[] = [];
  let start = line.indexOf(first);
  for (let tries = 0; start !== -1 && tries < MOST_TRIES && places.length < MOST; tries += 1) {
    const end = endOf(line, start + first.length, rest);
    const fits =
      end !== null &&
      (!alone || (!/\w/.test(line[start - 1] ?? '') && !/\w/.test(line[end] ?? ''))) &&
      (!endsHidden || !/^(?:[- ]?\d|\w)/.test(line.slice(end, end + 2)));
    if (fits) {
      const begins = endsHidden ? beginningOf(line, start) : start;
      places.push({ start: at[begins]!, end: at[end - 1]! + 1, evidence });
    }
    start = line.indexOf(first, end ?? start + 1);
  }
  return places;
}

/** Of what is shown by its end alone, as a card's number is: the digits before it in their groups, or the word that it ends. */
function beginningOf(line: string, end: number): number {
  const before = line.slice(Math.max(0, end - LONGEST_HIDDEN), end);
  const hidden = /(?:\d[- ]?)+$/.exec(before) ?? /[^\s"'`=:]+$/.exec(before);
  return end - (hidden?.[0].length ?? 0);
}

/** Where the rest ends that stands behind the first part, each part soon after the one before it; null: it does not. */
function endOf(line: string, from: number, rest: readonly string[]): number | null {
  let end = from;
  for (const [index, part] of rest.entries()) {
    // What is hidden between two shown parts is a secret's own middle: no blanks, and not long. Its end is the last one.
    const within = line.slice(end, end + LONGEST_HIDDEN + part.length);
    const first = within.indexOf(part, 1);
    if (first === -1 || within.slice(0, first).includes(' ')) return null;
    const word = within.slice(
      0,
      first + part.length + /^[^\s"'`,]*/.exec(within.slice(first + part.length))![0].length,
    );
    const found = index === rest.length - 1 ? word.lastIndexOf(part) : first;
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
