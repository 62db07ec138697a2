import type { Finding, Subject, Text } from './analyzer.ts';
import { masked, shortened, withMasks } from './mask.ts';

// Evidence is cut out of the subject in one place, so that no analyzer can show a secret: every finding of SECRET and
// PRIVACY says where the value stands, and there it is masked in the evidence of all findings, its own among them.

interface Range {
  start: number;
  end: number;
}

/** What must not be shown: where it stands, by text, and as it reads. */
export interface Sensitive {
  ranges: ReadonlyMap<Text, readonly Range[]>;
  values: readonly string[];
}

/** Shorter ones would be found everywhere. */
const SHORTEST_VALUE = 4;
/** A range that is a whole file, say, is no value. */
const LONGEST_VALUE = 20_000;

export type TextAt = (finding: Finding) => Text | null;

/** Finds the text that a finding is about. */
export function textsOf(subject: Subject): TextAt {
  const key = (path: string, isKey: boolean): string => `${isKey ? 'k' : 'v'}${path}`;
  const texts = new Map(subject.texts.map((text) => [key(text.path, text.isKey), text]));
  return ({ where }) => (where ? (texts.get(key(where.path, where.isKey ?? false)) ?? null) : null);
}

export function sensitiveOf(findings: readonly Finding[], textAt: TextAt): Sensitive {
  const ranges = new Map<Text, Range[]>();
  const values = new Set<string>();
  for (const finding of findings) {
    if (finding.category !== 'SECRET' && finding.category !== 'PRIVACY') continue;
    const text = textAt(finding);
    if (text === null) continue;
    const { start, end } = finding.where!;
    const list = ranges.get(text) ?? [];
    ranges.set(text, list);
    list.push({ start, end });
    const value = text.text.slice(start, end);
    if (value.length >= SHORTEST_VALUE && value.length <= LONGEST_VALUE) values.add(value);
  }
  for (const [text, list] of ranges) ranges.set(text, merged(list));
  return { ranges, values: [...values].slice(0, 500) };
}

function merged(ranges: Range[]): Range[] {
  const all: Range[] = [];
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    if (last && range.start < last.end) last.end = Math.max(last.end, range.end);
    else all.push({ ...range });
  }
  return all;
}

/** Units of a text that are looked at for evidence: more than is shown, for masking shortens. */
const WINDOW = 600;

/** The evidence of a finding as a person may see it, or null where there is none. */
export function evidenceOf(finding: Finding, textAt: TextAt, sensitive: Sensitive): string | null {
  if (finding.evidence !== undefined)
    return shortened(withMasks(finding.evidence.slice(0, 20_000), sensitive.values));
  const text = textAt(finding);
  if (text === null) return null;
  const { start, end } = finding.where!;
  return shortened(withMasks(cut(text, start, Math.min(end, start + WINDOW), sensitive), sensitive.values));
}

/** The range, with what must not be shown masked whole, also where only a part of it lies within. */
function cut(text: Text, start: number, end: number, { ranges }: Sensitive): string {
  let shown = '';
  let at = start;
  for (const range of ranges.get(text) ?? []) {
    if (range.end <= at || range.start >= end) continue;
    shown += text.text.slice(at, Math.max(at, range.start)) + masked(text.text.slice(range.start, range.end));
    at = range.end;
  }
  // An end within a run of characters could leave half of what would have been recognised as a secret.
  const rest = at < end ? text.text.slice(at, end) : '';
  return shown + (end < text.text.length ? withoutHalfWord(rest, text.text[end]!) : rest);
}

const withoutHalfWord = (text: string, next: string): string =>
  /\s/.test(next) || /\s$/.test(text) || text.length < WINDOW
    ? text
    : text.slice(0, Math.max(0, text.search(/\S+$/))) + '…';
