import { nodesOf, type Node } from './grammars.ts';

// A shell script as the commands that it runs, out of its tree.

export interface Command {
  /** Without quotes; what is expanded stands as it is written (`$HOME`), what is known of a variable is put in. */
  words: string[];
  /** Which of the words may expand to something else. */
  node: Node;
  /** The other commands of its pipeline, in order, and which of them it is. */
  pipeline: Command[];
  /** What `>` and `>>` of its statement write to. */
  writesTo: string[];
  /** Commands within `<( )` and `$( )` of its words. */
  inner: Command[];
}

/** What stands before the command that counts. Those that take an argument: its options are skipped as words. */
const WRAPPERS = new Set([
  'sudo',
  'doas',
  'nohup',
  'time',
  'exec',
  'command',
  'env',
  'nice',
  'ionice',
  'xargs',
  'setsid',
  'busybox',
  'stdbuf',
  'timeout',
  'watch',
]);

export function commandsOf(root: Node): Command[] {
  const known = assignments(root);
  const made = new Map<number, Command>();
  const commands: Command[] = [];
  for (const node of nodesOf(root, ['command'])) {
    const command: Command = {
      words: unwrapped(wordsOf(node, known)),
      node,
      pipeline: [],
      writesTo: writesTo(node, known),
      inner: [],
    };
    made.set(node.id, command);
    commands.push(command);
  }
  for (const command of commands) {
    command.pipeline = pipelineOf(command.node)
      .map((node) => made.get(node.id))
      .filter((other) => other !== undefined);
    command.inner = nodesOf(command.node, ['command'])
      .map((node) => made.get(node.id))
      .filter((other) => other !== undefined && other !== command) as Command[];
  }
  return commands;
}

/** Variables that are given a plain text once; one made by mktemp is a folder of its own. */
function assignments(root: Node): Map<string, string> {
  const known = new Map<string, string>();
  for (const node of nodesOf(root, ['variable_assignment'])) {
    const name = node.childForFieldName('name')?.text;
    const value = node.childForFieldName('value');
    if (name === undefined || !value) continue;
    if (/^"?\$\(\s*mktemp\b/.test(value.text)) known.set(name, '/tmp/made-by-mktemp');
    else if (!/[$`]/.test(value.text)) known.set(name, unquoted(value.text));
  }
  return known;
}

const unquoted = (text: string): string => text.replace(/^(["'])([\s\S]*)\1$/, '$2');

function wordsOf(node: Node, known: ReadonlyMap<string, string>): string[] {
  return node.namedChildren
    .filter((child): child is Node => child !== null)
    .filter(({ type }) => !/redirect|variable_assignment|heredoc|herestring/.test(type))
    .map((child) => wordOf(child, known));
}

function wordOf(node: Node, known: ReadonlyMap<string, string>): string {
  if (node.type === 'raw_string') return node.text.slice(1, -1);
  const text = node.type === 'concatenation' ? node.text.replace(/["']/g, '') : unquoted(node.text);
  return text
    .replace(/\$\{?(\w+)\}?/g, (all, name: string) => known.get(name) ?? all)
    .replace(/\\(?=[^\n\\])/g, '');
}

function unwrapped(words: string[]): string[] {
  let at = 0;
  while (at < words.length && WRAPPERS.has(words[at]!)) {
    at += 1;
    while (
      at < words.length &&
      (words[at]!.startsWith('-') || /^\w+=/.test(words[at]!) || /^\d+[smh]?$/.test(words[at]!))
    )
      at += 1;
  }
  return at < words.length ? words.slice(at) : words;
}

function pipelineOf(node: Node): Node[] {
  let outer = node.parent;
  while (outer && /redirected_statement|subshell|compound_statement|list/.test(outer.type))
    outer = outer.parent;
  if (outer?.type !== 'pipeline') return [node];
  return nodesOf(outer, ['command']);
}

function writesTo(node: Node, known: ReadonlyMap<string, string>): string[] {
  const statement = node.parent?.type === 'redirected_statement' ? node.parent : node;
  return statement.children
    .filter(
      (child): child is Node => child !== null && child.type === 'file_redirect' && />/.test(child.text),
    )
    .flatMap((redirect) => {
      const target = redirect.childForFieldName('destination') ?? redirect.lastNamedChild;
      return target ? [wordOf(target, known)] : [];
    });
}
