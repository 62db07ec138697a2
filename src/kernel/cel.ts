import { RE2JS } from 're2js';

// What conditions written by people share, wherever one is read: the Common Expression Language, by a library, within
// bounds. Conditions are held against what agents sent, so that neither side may cost much: the expression's size is
// bounded where it is parsed, nothing is gone through within something gone through, and patterns run on an engine that
// does not backtrack.

/** Of one expression: nodes of its tree, levels, entries and arguments. */
export const celLimits = {
  maxAstNodes: 200,
  maxDepth: 16,
  maxListElements: 100,
  maxMapEntries: 20,
  maxCallArguments: 4,
} as const;

/** Go through a list: one within another would cost the square of what an agent sent. */
export const comprehensions: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one']);

/** Characters of one pattern: its program is that long, and every character read passes through it. */
const LONGEST_PATTERN = 200;

/** Kept; one takes some microseconds to make anew. */
const MOST_PATTERNS = 1_000;
const patterns = new Map<string, RE2JS>();

/** `text` as RE2 reads it, kept from before where it was read before. Throws for what is none, or is too long. */
export function patternOf(text: string): RE2JS {
  const known = patterns.get(text);
  if (known !== undefined) return known;
  if (text.length > LONGEST_PATTERN)
    throw new Error(`a pattern must have at most ${LONGEST_PATTERN} characters`);
  const pattern = RE2JS.compile(text);
  if (patterns.size >= MOST_PATTERNS) patterns.delete(patterns.keys().next().value!);
  patterns.set(text, pattern);
  return pattern;
}

/** A pattern that was broken off in the middle of something is not used again. */
export const forgetPatterns = (): void => patterns.clear();

/** What the library says of it, without its drawing of the place. */
export const celFault = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
