import type { z } from 'zod';
import { type Configuration, configurationSchema, unsupported } from './configuration-schema.ts';
import { channelWarnings } from './channel-warnings.ts';
import { noEnvironment, referencesIn, type SupervisionEnvironment } from './from-environment.ts';
import { roleWarnings } from './role-warnings.ts';
import { unheededIn } from './unheeded.ts';
import { readTree, type Tree } from './yaml-tree.ts';

// A configuration's text, read: what it says, or every fault in it, each with its path and its place (behaviour 8.1).
// Pure, and safe on any text.

/** One thing that is wrong. Lines and columns count from 1. */
export interface ConfigurationFault {
  path: string[];
  line: number;
  column: number;
  /** A whole sentence, place and all. */
  message: string;
}

export type Reading =
  /**
   * `configuration` null: the text says nothing at all, and the team has no configuration. `warnings`: what it says and
   * nothing obeys.
   */
  | { ok: true; configuration: Configuration | null; warnings: ConfigurationFault[] }
  | { ok: false; faults: ConfigurationFault[] };

/** Faults told at once; whoever has more has another kind of file in hand. */
const MAX_FAULTS = 100;
/** Characters of a name, or of the parser's words, that are repeated to whoever wrote it. */
const MAX_SHOWN = 200;

/** `environment`: what a setting may read (behaviour 8.3). */
export function readConfiguration(
  text: string,
  environment: SupervisionEnvironment = noEnvironment,
): Reading {
  const tree = readTree(text);
  if (tree.value === undefined && tree.faults.length === 0)
    return { ok: true, configuration: null, warnings: [] };
  // A text that could not be read has no shape to find fault with.
  const parsed = tree.value === undefined ? null : configurationSchema.safeParse(tree.value);
  const said = new Set(tree.faults.map(({ path }) => path.join('\n')));
  const found: Found[] = [
    ...tree.faults,
    ...protoFaults(tree.value, [], tree),
    ...once((parsed?.error?.issues ?? []).flatMap((issue) => faultsOf(issue, tree))).filter(
      ({ path }) => !said.has(path.join('\n')),
    ),
  ];
  const references = referencesIn(tree.value).map((reference) => ({
    ...reference,
    at: tree.valueAt(reference.path),
  }));
  for (const { path, at, name } of references)
    if (!environment.has(name))
      found.push({ path, at, message: `reads ${name}, which is not in this server's SUPERVISION_ENV` });
  if (found.length > 0) return { ok: false, faults: told(found, tree) };
  const unset = references
    .filter(({ name }) => environment.get(name) === undefined)
    .map(({ path, at, name }) => ({ path, at, message: `reads ${name}, which is not set: it is empty` }));
  const unused = unheededIn(tree.value).map(({ path, reason }) => ({
    path,
    at: tree.keyAt(path),
    message: `is not used: ${reason}`,
  }));
  const serverWebhook = environment.get('SLACK_WEBHOOK_URL') !== undefined;
  const off = [...channelWarnings(parsed!.data!, { serverWebhook }), ...roleWarnings(parsed!.data!)].map(
    (each) => ({
      ...each,
      at: tree.keyAt(each.path),
    }),
  );
  return { ok: true, configuration: parsed!.data!, warnings: told([...unused, ...unset, ...off], tree) };
}

/** What was done with a text that could be read, and a line for each thing that it says and nothing obeys. */
export function withWarnings(done: string, text: string, environment: SupervisionEnvironment): string {
  const reading = readConfiguration(text, environment);
  const warnings = reading.ok ? reading.warnings : [];
  return [done, ...warnings.map(({ message }) => message)].join('\n');
}

interface Found {
  path: string[];
  at: number;
  message: string;
}

/** One for each thing that is wrong: a number may be past more than one bound. */
const once = (found: Found[]): Found[] => {
  const seen = new Set<string>();
  return found.filter(({ path, message }) => {
    const key = JSON.stringify([path, message]);
    return !seen.has(key) && seen.add(key);
  });
};

function faultsOf(issue: z.core.$ZodIssue, tree: Tree): Found[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path, at: tree.valueAt(path), message: issue.message }];
  return issue.keys
    .filter((key) => key !== '__proto__')
    .map((key) => {
      const at = [...path, key];
      return { path: at, at: tree.keyAt(at), message: refusedKey(at) };
    });
}

const refusedKey = (path: string[]): string =>
  unsupported.some((known) => known.join('\n') === path.join('\n'))
    ? 'is not supported by this version'
    : 'is not a known key';

/** The schema passes this one name over. */
function protoFaults(value: unknown, path: string[], tree: Tree): Found[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const here = [...path, key];
    return key === '__proto__'
      ? [{ path: here, at: tree.keyAt(here), message: refusedKey(here) }]
      : protoFaults(child, here, tree);
  });
}

/** In the order of the text. */
function told(found: Found[], tree: Tree): ConfigurationFault[] {
  const faults = found
    .sort((a, b) => a.at - b.at)
    .slice(0, MAX_FAULTS)
    .map(({ path, at, message }) => {
      const { line, column } = tree.lineOf(at);
      const shown = path.map(shortened);
      const name = path.length === 0 ? 'the configuration' : shortened(path.join('.'));
      const sentence = `${name} ${shortened(message)} (line ${line}, column ${column})`;
      return { path: shown, line, column, message: sentence };
    });
  const rest = found.length - faults.length;
  if (rest > 0) {
    const { line, column } = faults.at(-1)!;
    faults.push({ path: [], line, column, message: `the configuration has ${rest} more like these` });
  }
  return faults;
}

function shortened(name: string): string {
  const characters = Array.from(name);
  return characters.length > MAX_SHOWN ? `${characters.slice(0, MAX_SHOWN).join('')}…` : name;
}
