import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Parser,
} from 'yaml';
import type { CST, Scalar, YAMLMap } from 'yaml';

// YAML as plain values, with the place of each: safe on any text. Nothing is unfolded (aliases), nothing becomes
// anything but a mapping, a list, a text, a number, a truth value or null, and what would take long is refused before.

/** `path` leads to what is meant; `at` is an offset into the text. */
export interface TreeFault {
  path: string[];
  at: number;
  message: string;
}

export interface Tree {
  /** Undefined where the text says nothing at all. */
  value: unknown;
  faults: TreeFault[];
  /** The offset of what stands at a path: its key where it has one, else itself; 0 for what is not there. */
  keyAt(path: readonly string[]): number;
  /** The offset of its value. */
  valueAt(path: readonly string[]): number;
  /** The offset behind its value. */
  endAt(path: readonly string[]): number;
  lineOf(at: number): { line: number; column: number };
}

const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 64;
/** Keys, values and list entries. */
const MAX_NODES = 20_000;

export function readTree(text: string): Tree {
  const lines = new LineCounter();
  const places: Places = new Map();
  const tree: Tree = {
    value: undefined,
    faults: [],
    keyAt: (path) => places.get(JSON.stringify(path))?.key ?? 0,
    valueAt: (path) => places.get(JSON.stringify(path))?.value ?? 0,
    endAt: (path) => places.get(JSON.stringify(path))?.end ?? 0,
    lineOf(at) {
      const { line, col } = lines.linePos(at);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    },
  };
  const tooMuch = oversize(text);
  if (tooMuch !== null) {
    tree.faults.push({ path: [], at: 0, message: tooMuch });
    return tree;
  }
  // Doubled keys are looked for below: the parser compares each with every other.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    schema: 'core',
    version: '1.2',
    logLevel: 'error',
  });
  tree.faults = syntaxFaults(document);
  if (tree.faults.length > 0) return tree;
  const walk = new Walk(tree.faults, places, lines);
  tree.value = saysNothing(document.contents) ? undefined : walk.value(document.contents, []);
  return tree;
}

/** As against `~` and `null`, which say something. */
const saysNothing = (contents: unknown): boolean =>
  contents === null || (isScalar(contents) && contents.value === null && !contents.source);

/** Looked at token by token, before anything that recurses or compares. */
function oversize(text: string): string | null {
  if (Buffer.byteLength(text) > MAX_BYTES) return `must have at most ${MAX_BYTES} bytes`;
  let nodes = 0;
  for (const token of new Parser().parse(text)) {
    const open: [token: CST.Token, depth: number][] = [[token, 0]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [current, depth] = next;
      // A document's anchors, tags and comments; a flow collection has its bracket there.
      nodes += 1 + ('start' in current && Array.isArray(current.start) ? current.start.length : 0);
      if (depth > MAX_DEPTH) return `must nest at most ${MAX_DEPTH} levels`;
      if ('value' in current && current.value !== undefined) open.push([current.value as CST.Token, depth]);
      for (const { start, key, sep, value } of 'items' in current ? current.items : []) {
        nodes += start.length + (sep?.length ?? 0);
        if (key) open.push([key, depth + 1]);
        if (value) open.push([value, depth + 1]);
      }
      if (nodes > MAX_NODES) return `must have at most ${MAX_NODES} entries`;
    }
  }
  return null;
}

/** The parser's own words where they say what is wrong, without what it advises programmers to do. */
function syntaxFaults({ errors, warnings }: Document.Parsed): TreeFault[] {
  return [...errors, ...warnings].map(({ code, message, pos }) => ({
    path: [],
    at: pos[0],
    message:
      code === 'MULTIPLE_DOCS'
        ? 'must be one document'
        : `is not YAML that can be read: ${message.split('\n')[0]!.replace(/:$/, '')}`,
  }));
}

type Places = Map<string, { key: number; value: number; end: number }>;

class Walk {
  readonly #faults: TreeFault[];
  readonly #places: Places;
  readonly #lines: LineCounter;

  constructor(faults: TreeFault[], places: Places, lines: LineCounter) {
    this.#faults = faults;
    this.#places = places;
    this.#lines = lines;
  }

  value(node: unknown, path: string[], key?: number): unknown {
    const at = isNode(node) ? (node.range?.[0] ?? 0) : (key ?? 0);
    const end = isNode(node) ? (node.range?.[1] ?? at) : at;
    this.#places.set(JSON.stringify(path), { key: key ?? at, value: at, end });
    if (isMap(node)) return this.#mapping(node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.value(item, [...path, String(index)]));
    if (isScalar(node)) return node.value;
    if (isAlias(node))
      this.#faults.push({ path, at, message: `is an alias, *${node.source}: aliases are not allowed` });
    return null;
  }

  #mapping(node: YAMLMap, path: string[]): Record<string, unknown> {
    const mapping: Record<string, unknown> = {};
    const seen = new Map<string, number>();
    for (const { key, value } of node.items) {
      const at = isNode(key) ? (key.range?.[0] ?? 0) : 0;
      if (!isScalar(key)) {
        this.#faults.push({ path, at, message: 'has a key that is not a plain name' });
        continue;
      }
      const name = nameOf(key);
      const before = seen.get(name);
      if (before !== undefined) {
        const { line } = this.#lines.linePos(before);
        this.#faults.push({
          path: [...path, name],
          at,
          message: `is given twice, the first time on line ${line}`,
        });
        continue;
      }
      seen.set(name, at);
      const child = this.value(value, [...path, name], at);
      // Set as what it is called, whatever that is: no key reaches a prototype.
      Object.defineProperty(mapping, name, {
        value: child,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return mapping;
  }
}

const nameOf = ({ value, source }: Scalar): string =>
  typeof value === 'string' ? value : (source ?? String(value));
