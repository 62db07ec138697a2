import { hasReference } from './from-environment.ts';
import { leadsTo, patterns, placesOf } from './places.ts';
import { readTree, type Tree } from './yaml-tree.ts';

// A secret that is written out in a configuration is for those alone who wrote it there: whoever reads the text gets a mask,
// and a mask that is sent back unchanged stands for what it masks. A mask names its secret by the version and the place
// among that version's secrets, so that settings may be moved about, and a text may be older than the one in force.

const settings = patterns(
  'human_supervision.notifications.channels.*.webhook_url',
  'human_supervision.notifications.channels.*.secret',
  'human_supervision.workstation.api_key',
);

const MASK = /^\*{8}\((\d{1,9})\.(\d{1,9})\)$/;
const maskOf = (version: number, number: number): string => `********(${version}.${number})`;

interface Found {
  path: string[];
  /** As it is written, quotes and all. */
  source: string;
  start: number;
  end: number;
}

/** A secret of a version, and the mask that stands for it there. */
export interface Secret extends Pick<Found, 'path' | 'source'> {
  value: string;
  mask: string;
}

/** The secrets of a text that can be read, in the order of the text. What comes from the environment is none. */
function secretsIn(text: string, tree: Tree): Found[] {
  return settings
    .flatMap((pattern) => placesOf(tree.value, pattern))
    .filter(({ value }) => typeof value === 'string' && value !== '' && !hasReference(value))
    .map(({ path }) => {
      const [start, end] = [tree.valueAt(path), tree.endAt(path)];
      return { path, source: text.slice(start, end), start, end };
    })
    .sort((a, b) => a.start - b.start);
}

/** A version's secrets, in the order of the text. */
export function secretsOf(text: string, version: number): Secret[] {
  const tree = readTree(text);
  return secretsIn(text, tree).map(({ path, source }, at) => ({
    path,
    source,
    value: placesOf(tree.value, path)[0]!.value as string,
    mask: maskOf(version, at + 1),
  }));
}

/** The text as it was written, out of the masked one and its secrets. */
export function restored(text: string, secrets: readonly Secret[]): string {
  if (secrets.length === 0) return text;
  const places = secretsIn(text, readTree(text));
  return replaced(
    text,
    places.map(({ start, end }, at) => {
      const { source } = secrets[at]!;
      // A block's last line break is part of it, and was put behind the mask.
      return { start, end: source.endsWith('\n') && text[end] === '\n' ? end + 1 : end, by: source };
    }),
  );
}

/** The text of a version as it is shown; one that is masked already stays as it is. */
export function masked(text: string, version: number): string {
  const secrets = secretsIn(text, readTree(text));
  return replaced(
    text,
    secrets.map(({ start, end, source }, at) => ({
      start,
      end,
      // A block's last line break is part of it.
      by: `${JSON.stringify(maskOf(version, at + 1))}${source.endsWith('\n') ? '\n' : ''}`,
    })),
  );
}

/** Versions that a text has masks of: they are to be read before it can be unmasked. */
export const maskedVersions = (text: string): number[] => [
  ...new Set(masksIn(text, readTree(text)).map(({ version }) => version)),
];

/**
 * The text with what its masks stand for; `texts` has the versions' own. A mask that stands for nothing is left, as a fault
 * at its path.
 */
export function unmasked(
  text: string,
  texts: ReadonlyMap<number, string>,
): { text: string; faults: { path: string[]; message: string }[] } {
  const faults: { path: string[]; message: string }[] = [];
  const edits = masksIn(text, readTree(text)).flatMap(({ path, start, end, version, number }) => {
    const old = texts.get(version);
    const secret = old === undefined ? undefined : secretsIn(old, readTree(old))[number - 1];
    if (secret !== undefined) return [{ start, end, by: inline(secret, old!) }];
    const name = path.join('.');
    faults.push({ path, message: `${name} is a mask, and the team has no version with such a secret` });
    return [];
  });
  return { text: replaced(text, edits), faults };
}

const masksIn = (text: string, tree: Tree) =>
  secretsIn(text, tree).flatMap(({ path, start, end }) => {
    const [place] = placesOf(tree.value, path);
    const match = MASK.exec(String(place!.value));
    return match === null ? [] : [{ path, start, end, version: Number(match[1]), number: Number(match[2]) }];
  });

/** On one line, in a flow or out of it: as it was written where that is so, else quoted. */
function inline({ path, source }: Found, text: string): string {
  if (/^[\w./:+=@-]+$/.test(source) || /^(["']).*\1$/.test(source)) return source;
  return JSON.stringify(placesOf(readTree(text).value, path)[0]!.value);
}

function replaced(text: string, edits: readonly { start: number; end: number; by: string }[]): string {
  let result = '';
  let at = 0;
  for (const { start, end, by } of edits) {
    result += text.slice(at, start) + by;
    at = end;
  }
  return result + text.slice(at);
}

/** A setting as the log may have it, which nobody can erase it from. */
export const forTheLog = (path: readonly string[], value: unknown): unknown =>
  typeof value === 'string' && !hasReference(value) && settings.some((pattern) => leadsTo(pattern, path))
    ? '********'
    : value;
