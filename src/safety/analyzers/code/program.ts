import { callsOf, commandWords, isBuilt, isConstant, isText, literal, textsIn } from './calls.ts';
import { type Danger, verdicts, type Verdict } from './danger.ts';
import { type Grammar, type Node, nodesOf, parse } from './grammars.ts';
import { MINER } from './paths.ts';
import { CALL_RULES, type Context, execsOf, reverseShell, shellArgument, shellsOf } from './program-rules.ts';
import { isSql, sqlDangers } from './sql.ts';

/** Reads the shell of a program's call: shell-script.ts, which reads programs in turn. */
export type ReadShell = (source: string) => Promise<Danger[]>;

export async function programDangers(
  grammar: Grammar,
  source: string,
  readShell: ReadShell,
): Promise<Danger[]> {
  const tree = await parse(grammar, source);
  try {
    const root = tree.rootNode;
    const context: Context = { grammar, source, shells: shellsOf(source), execs: execsOf(source) };
    const calls = callsOf(root, grammar);
    const dangers: Danger[] = [];
    const add = (verdict: Verdict, node: Node): void =>
      void dangers.push({ ...verdict, start: node.startIndex, end: node.endIndex });
    for (const call of calls) {
      for (const rule of CALL_RULES) {
        const verdict = rule(call, context);
        if (verdict) add(verdict, call.node);
      }
      const given = shellArgument(call, context);
      const script =
        given && isText(given) && isConstant(given) ? literal(given) : commandWords(call.args)?.join(' ');
      if (script && script.length < 10_000)
        for (const danger of await readShell(script)) add(danger, call.node);
      const statement = call.args[0] && isText(call.args[0]) ? literal(call.args[0]) : '';
      if (isSql(statement, true)) for (const danger of sqlDangers(statement)) add(danger, call.node);
    }
    const shell = reverseShell(calls, source);
    if (shell) add(verdicts.reverseShell, shell);
    for (const [verdict, node] of beyondCalls(root, grammar)) add(verdict, node);
    return dangers;
  } finally {
    tree.delete();
  }
}

/** Dangers that are no call: an option, an assignment, a statement in a string. */
function* beyondCalls(root: Node, grammar: Grammar): Generator<[Verdict, Node]> {
  for (const node of nodesOf(root, [
    'pair',
    'assignment_expression',
    'assignment',
    'augmented_assignment',
    'keyed_element',
    'variable_declarator',
  ])) {
    const text = node.text.length < 400 ? node.text : '';
    if (/^["']?(?:rejectUnauthorized|strictSSL|verifyTLS)["']?\s*:\s*false$/.test(text))
      yield [verdicts.disablesTls, node];
    else if (/NODE_TLS_REJECT_UNAUTHORIZED["'\]]*\s*=\s*["']?0/.test(text))
      yield [verdicts.disablesTls, node];
    else if (/^InsecureSkipVerify\s*:\s*true$/.test(text)) yield [verdicts.disablesTls, node];
    else if (
      /(?:verify_mode\s*=\s*ssl\.CERT_NONE|check_hostname\s*=\s*False|_create_default_https_context\s*=)/.test(
        text,
      )
    )
      yield [verdicts.disablesTls, node];
  }
  const built = nodesOf(root, [
    'binary_expression',
    'binary_operator',
    'template_string',
    'string',
    'call',
  ]).filter(isBuilt);
  for (const node of built) {
    const tag =
      node.parent?.type === 'call_expression' ? (node.parent.childForFieldName('function')?.text ?? '') : '';
    if (
      tag !== '' &&
      node.type === 'template_string' &&
      node.parent?.childForFieldName('arguments')?.id === node.id
    )
      continue;
    if (isLogged(node)) continue;
    if (
      textsIn(node)
        .slice(0, 1)
        .some((text) => isSql(text, false))
    )
      yield [verdicts.sqlInjection, node];
  }
  for (const node of nodesOf(root, [
    'string',
    'template_string',
    'string_literal',
    'interpreted_string_literal',
  ])) {
    if (MINER.test(` ${node.text.slice(0, 2000)}`)) yield [verdicts.miner, node];
  }
  if (grammar === 'php')
    for (const node of nodesOf(root, ['shell_command_expression']))
      if (!isConstant(node)) yield [verdicts.shellInjection, node];
}

/** What is printed is not run. */
function isLogged(node: Node): boolean {
  for (let outer = node.parent, steps = 0; outer && steps < 4; outer = outer.parent, steps++) {
    const callee = outer.childForFieldName('function')?.text;
    if (callee !== undefined) return /^(?:console|log|logger|logging)\.|^print$|Error$/.test(callee);
  }
  return false;
}
