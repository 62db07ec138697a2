import { canonicalJson, type Json, type JsonObject } from '../kernel/json.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Kept } from '../secrets/vault.ts';
import { personOf } from '../identity/viewer.ts';
import type { Aggregate, Change } from '../sessions/aggregate.ts';
import { type Pattern, placesOf } from '../supervision/places.ts';
import { MAX_VALUE } from '../triggers/placeholders.ts';
import { maySensitive, ours } from './look.ts';
import { idsIn, isToken, tokenOf, tokensIn } from './tokens.ts';
import { type Leaf, type MapLeaf, mapWords, type Root, roots } from './words.ts';

// What is sensitive of a change is taken out just before it is written, and a token put in its place: what stands at the
// configured paths, whole, and what the analyzers found, as far as it reaches. Wherever else the change says the same, the
// same token stands. So what the verbs decide on is what was said, and what anybody reads is what they may.

/** `human_supervision.privacy` of a supervision configuration. */
export interface PrivacySettings {
  sensitive_paths?: readonly string[] | undefined;
  encrypt_findings?: boolean | undefined;
}

export interface Range {
  start: number;
  end: number;
}

/** A text that is to be analysed, with the member that it stands under. */
export interface Text {
  text: string;
  name: string;
}

/** What analysis found, by `textKey`. */
export type Found = ReadonlyMap<string, readonly Range[]>;

export const textKey = ({ text, name }: Text): string => `${name}\n${text}`;

/** `unseen`: these are to be analysed first, and nothing was changed. */
export type Concealed = { unseen: Text[] } | { kept: Kept[] };

/** Shorter values are not looked for elsewhere: they would be found everywhere. UTF-16 units. */
const SHORTEST_ELSEWHERE = 4;

/**
 * Takes what is sensitive out of the change, in place. Pure but for that, and for new ids. `revealed` is sensitive wherever
 * the change says it: what whoever changes it was shown of what had been taken out before.
 */
export function conceal(
  change: Change,
  before: Aggregate | null,
  settings: PrivacySettings | null,
  found: Found,
  ids: Ids,
  revealed: readonly Json[] = [],
): Concealed {
  const { projectId, id: sessionId } = change.session;
  // What the clock had due, the system tells of in the same change; the rest is one viewer's.
  const saidById = change.events.map(({ actor }) => personOf(actor)).find((id) => id !== null) ?? null;
  const taking = new Taking({ projectId, sessionId, saidById }, ids, revealed);
  return concealIn((map) => mapWords(change, before, map), settings, found, taking);
}

/** The same of words that belong to no session: no configured path leads to them. */
export function concealWords<Words extends JsonObject>(
  words: Words,
  { settings = null, ...of }: Omit<Said, 'sessionId'> & { settings?: PrivacySettings | null },
  found: Found,
  ids: Ids,
): { unseen: Text[] } | { words: Words; kept: Kept[] } {
  let result: Words = words;
  const map: MapWords = (leaf) => {
    result = Object.fromEntries(
      Object.entries(result).map(([field, value]) => [field, leaf(value, null)]),
    ) as Words;
  };
  const concealed = concealIn(map, settings, found, new Taking({ ...of, sessionId: null }, ids, []));
  return 'unseen' in concealed ? concealed : { words: result, ...concealed };
}

/** Gives each value of words to the function, and puts what that makes of it in its place. */
type MapWords = (map: MapLeaf) => void;

function concealIn(
  words: MapWords,
  settings: PrivacySettings | null,
  found: Found,
  taking: Taking,
): Concealed {
  const patterns = patternsOf(settings?.sensitive_paths ?? []);
  const analysed = settings?.encrypt_findings !== false;
  const unseen: Text[] = [];
  words((value, root) => {
    for (const { value: at } of sensitiveIn(value, root, patterns)) eachPart(at, (part) => taking.take(part));
    if (analysed)
      eachText(value, '', (text) => {
        if (!maySensitive(text.text, text.name)) return;
        const ranges = found.get(textKey(text));
        if (ranges === undefined) unseen.push(text);
        else for (const { start, end } of ranges) taking.take(text.text.slice(start, end));
      });
    return value;
  });
  if (unseen.length > 0) return { unseen };
  if (!taking.seeks()) return { kept: [] };
  words((value, leaf) => {
    const places = sensitiveIn(value, leaf, patterns);
    return replaced(value, '', [], { leaf, places, found: analysed ? found : new Map(), taking });
  });
  return { kept: taking.used() };
}

/** Where words are said, and whose they are. */
type Said = Pick<Kept, 'projectId' | 'sessionId' | 'saidById'>;

/** Values that are taken out, each once, and the tokens that stand for them. */
class Taking {
  readonly #kept: Kept[] = [];
  readonly #of: Said;
  readonly #ids: Ids;
  readonly #revealed: readonly Json[];
  readonly #tokens = new Map<string, string>();
  readonly #used = new Set<string>();
  #elsewhere: Elsewhere | null = null;

  constructor(of: Said, ids: Ids, revealed: readonly Json[]) {
    this.#of = of;
    this.#ids = ids;
    this.#revealed = revealed;
  }

  /** The value is sensitive, wherever it stands. */
  take(value: unknown): void {
    if (value === null || value === undefined || value === '' || isToken(value)) return;
    this.#tokenOf(value as Json);
    this.#elsewhere = null;
  }

  /** The token for what was taken. */
  tokenFor(value: unknown): string | undefined {
    const token = this.#tokens.get(canonicalJson(value));
    if (token !== undefined) this.#used.add(token);
    return token;
  }

  /** The token in this value's place, whether it was taken or not. */
  replace(value: Json): string {
    const token = this.#tokenOf(value);
    this.#used.add(token);
    return token;
  }

  /** Where what was taken out stands in this text too, outside the tokens that are there already. */
  elsewhereIn(text: string): Range[] {
    this.#elsewhere ??= saidAs([...this.#kept.map(({ value }) => value), ...this.#revealed]);
    return standingIn(text, this.#elsewhere);
  }

  seeks(): boolean {
    return this.#kept.length + this.#revealed.length > 0;
  }

  /** What a token was put in the place of. */
  used(): Kept[] {
    return this.#kept.filter(({ id }) => this.#used.has(tokenOf(id)));
  }

  #tokenOf(value: Json): string {
    const key = canonicalJson(value);
    const known = this.#tokens.get(key);
    if (known !== undefined) return known;
    const id = this.#ids.next('sealed');
    this.#tokens.set(key, tokenOf(id));
    this.#kept.push({ id, ...this.#of, value });
    return tokenOf(id);
  }
}

/** Texts that are looked for, by how they begin, the longest first. */
type Elsewhere = ReadonlyMap<string, readonly string[]>;

/** How texts say what was taken out: its texts and numbers, also as they stand within JSON, and cut off where they are long. */
function saidAs(values: readonly Json[]): Elsewhere {
  const texts = new Set<string>();
  const say = (text: string): void => {
    for (const form of [text, JSON.stringify(text).slice(1, -1)]) {
      if (form.length >= SHORTEST_ELSEWHERE) texts.add(form);
      // Half a character may have gone as well.
      if (form.length > MAX_VALUE) texts.add(form.slice(0, MAX_VALUE - 1)).add(form.slice(0, MAX_VALUE - 2));
    }
  };
  const within = (value: unknown): void => {
    if (typeof value === 'string') say(value);
    else if (typeof value === 'number') say(String(value));
    else if (value !== null && typeof value === 'object') {
      say(JSON.stringify(value));
      for (const child of Object.values(value)) within(child);
    }
  };
  for (const value of values) within(value);
  return Map.groupBy(
    [...texts].sort((a, b) => b.length - a.length),
    (text) => beginningOf(text),
  );
}

const beginningOf = (text: string, at = 0): string => text.slice(at, at + SHORTEST_ELSEWHERE);

interface Replacing {
  leaf: Leaf;
  places: readonly { path: readonly string[] }[];
  found: Found;
  taking: Taking;
}

function replaced(value: unknown, name: string, path: readonly string[], by: Replacing): unknown {
  if (by.places.some((place) => samePath(place.path, path)))
    return mapParts(value, (part) => by.taking.tokenFor(part) ?? part);
  if (by.leaf === 'metadata' && isHousesOwn(path)) return value;
  if (typeof value === 'string') return replacedText({ text: value, name }, by);
  // Taken out as the number that it is, and so it comes back: a text would be something else than what was consented to.
  if (typeof value === 'number')
    return rangesIn({ text: String(value), name }, by).length === 0 ? value : by.taking.replace(value);
  if (Array.isArray(value)) {
    const next = value.map((child, at) => replaced(child, name, [...path, String(at)], by));
    return next.some((child, at) => child !== value[at]) ? next : value;
  }
  if (value === null || typeof value !== 'object') return value;
  let changed = false;
  const entries = Object.entries(value).map(([key, child]) => {
    const [newKey, next] = [
      replacedText({ text: key, name: '' }, by),
      replaced(child, key, [...path, key], by),
    ];
    changed ||= newKey !== key || next !== child;
    return [newKey, next] as const;
  });
  return changed ? Object.fromEntries(entries) : value;
}

function replacedText(text: Text, by: Replacing): string {
  let result = '';
  let at = 0;
  for (const { start, end } of rangesIn(text, by)) {
    // Within one that was replaced already.
    if (start < at) continue;
    result += text.text.slice(at, start) + by.taking.replace(text.text.slice(start, end));
    at = end;
  }
  return result + text.text.slice(at);
}

/** What is to be taken out of a text, in order. */
const rangesIn = (text: Text, { leaf, found, taking }: Replacing): Range[] =>
  [
    ...(found.get(textKey(text)) ?? []).filter(({ start, end }) => start < end),
    ...(leaf === 'word' ? [] : taking.elsewhereIn(text.text)),
  ].sort((a, b) => a.start - b.start || b.end - a.end);

/** Where these stand in a text, outside the tokens in it and what the house writes itself: one pass, whatever their number. */
function standingIn(text: string, sought: Elsewhere): Range[] {
  const ranges: Range[] = [];
  if (sought.size === 0 || text.length < SHORTEST_ELSEWHERE) return ranges;
  let tokens: Range[] | null = null;
  let own: Range[] = [];
  for (let start = 0; start + SHORTEST_ELSEWHERE <= text.length; start++) {
    const said = sought.get(beginningOf(text, start))?.find((form) => text.startsWith(form, start));
    if (said === undefined) continue;
    const end = start + said.length;
    if (tokens === null) [tokens, own] = [tokensIn(text), ours(text)];
    const touches = (other: Range): boolean => start < other.end && other.start < end;
    if (tokens.some(touches)) continue;
    // An id or an instant is the house's, unless it was taken out itself.
    if (own.some((other) => touches(other) && (other.start < start || end < other.end))) continue;
    ranges.push({ start, end });
    start = end - 1;
  }
  return ranges;
}

/**
 * What is taken out of a sensitive value: all of it, or, where tokens stand in it already, what is beside them, for a token
 * within what a token stands for would never be filled in.
 */
function eachPart(value: unknown, tell: (part: unknown) => void): void {
  mapParts(value, (part) => {
    tell(part);
    return part;
  });
}

function mapParts(value: unknown, map: (part: unknown) => unknown): unknown {
  if (idsIn(value).size === 0) return map(value);
  if (typeof value === 'string') {
    let at = 0;
    let result = '';
    const beside = (end: number): string => (at < end ? String(map(value.slice(at, end))) : '');
    for (const { start, end } of tokensIn(value)) {
      result += beside(start) + value.slice(start, end);
      at = end;
    }
    return result + beside(value.length);
  }
  if (Array.isArray(value)) return value.map((child) => mapParts(child, map));
  return Object.fromEntries(
    Object.entries(value as object).map(([key, child]) => [key, mapParts(child, map)]),
  );
}

/** A name of letters is what something is called, and nobody's secret. */
const IDENTIFIER = /^[A-Za-z_.-]{1,36}$/;

/** Every text of a value, names of members too; large numbers as text, for a card's may come as one. */
function eachText(value: unknown, name: string, tell: (text: Text) => void): void {
  if (typeof value === 'string') tell({ text: value, name });
  else if (typeof value === 'number') {
    if (Math.abs(value) >= 1e8) tell({ text: String(value), name });
  } else if (Array.isArray(value)) for (const child of value) eachText(child, name, tell);
  else if (value !== null && typeof value === 'object')
    for (const key in value) {
      if (!IDENTIFIER.test(key)) tell({ text: key, name: '' });
      eachText((value as Record<string, unknown>)[key], key, tell);
    }
}

type Patterns = ReadonlyMap<Root, readonly Pattern[]>;

/** `context.customer.*` leads into contexts. What a trigger asks about has the report's input and output in its context. */
function patternsOf(paths: readonly string[]): Patterns {
  const patterns = new Map<Root, Pattern[]>(roots.map((root) => [root, []]));
  for (const path of paths) {
    const [root, ...rest] = path.split('.') as [Root, ...string[]];
    patterns.get(root)?.push(rest);
    if (root === 'input' || root === 'output') patterns.get('context')!.push(['supervision', root, ...rest]);
  }
  return patterns;
}

const sensitiveIn = (value: unknown, leaf: Leaf, patterns: Patterns) =>
  leaf === null || leaf === 'word'
    ? []
    : patterns
        .get(leaf)!
        .flatMap((pattern) => placesOf(value, pattern))
        .filter(({ path }) => leaf !== 'metadata' || !isHousesOwn(path));

/** What the house looks at in an option's metadata when it is chosen: where it escalates to, and whether it cancels. */
const HOUSES_OWN: ReadonlySet<string> = new Set(['escalation_level', 'action']);
const isHousesOwn = ([key, ...below]: readonly string[]): boolean =>
  key !== undefined && below.length === 0 && HOUSES_OWN.has(key);

const samePath = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((key, at) => key === b[at]);
