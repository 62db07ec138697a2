import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as TreeSitter from '@vscode/tree-sitter-wasm';
import type { Language, Node, Parser, Tree } from '@vscode/tree-sitter-wasm';

// Tree-sitter's grammars as WebAssembly: nothing is compiled at install, nothing native runs on what strangers wrote, and
// a thread that parses can be ended at any moment. Read when first used, for only threads need them.

export type Grammar = 'tsx' | 'typescript' | 'python' | 'bash' | 'php' | 'ruby' | 'java' | 'go';

export type { Node };

interface Grammars {
  parser: Parser;
  folder: string;
  load: (path: string) => Promise<Language>;
}

let ready: Promise<Grammars> | null = null;
const languages = new Map<Grammar, Promise<Language>>();

async function open(): Promise<Grammars> {
  const require = createRequire(import.meta.url);
  const treeSitter = require('@vscode/tree-sitter-wasm') as typeof TreeSitter;
  await treeSitter.Parser.init();
  return {
    parser: new treeSitter.Parser(),
    folder: dirname(require.resolve('@vscode/tree-sitter-wasm')),
    load: (path) => treeSitter.Language.load(path),
  };
}

/** The tree is the caller's, who deletes it: its memory is not the garbage collector's. */
export async function parse(grammar: Grammar, source: string): Promise<Tree> {
  const { parser, folder, load } = await (ready ??= open());
  let language = languages.get(grammar);
  if (language === undefined)
    languages.set(grammar, (language = load(join(folder, `tree-sitter-${grammar}.wasm`))));
  parser.setLanguage(await language);
  const tree = parser.parse(source);
  if (tree === null) throw new Error(`nothing came of parsing ${grammar}`);
  return tree;
}

/** Every node of these types, in the order of the source. */
export const nodesOf = (root: Node, types: string[]): Node[] =>
  root.descendantsOfType(types).filter((node): node is Node => node !== null);
