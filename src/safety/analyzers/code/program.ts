import {
  type Call,
  callsOf,
  commandWords,
  isBuilt,
  isConstant,
  isTagged,
  isText,
  literal,
  textsIn,
} from './calls.ts';
import { type Danger, verdicts, type Verdict } from './danger.ts';
import { type Grammar, type Node, nodesOf, parse } from './grammars.ts';
import { MINER } from './paths.ts';
import {
  CALL_RULES,
  type Context,
  execsOf,
  QUERY,
  reverseShell,
  shellArgument,
  shellsOf,
  STARTS,
} from './program-rules.ts';
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
      for (const danger of await dangersGiven(call, context, readShell)) add(danger, call.node);
    }
    const shell = reverseShell(calls, source);
    if (shell) add(verdicts.reverseShell, shell);
    for (const [verdict, node] of beyondCalls(root, grammar, source)) add(verdict, node);
    return dangers;
  } finally {
    tree.delete();
  }
}

/** What the shell does that the call starts, and the SQL that it hands to a database. */
async function dangersGiven(call: Call, context: Context, readShell: ReadShell): Promise<Danger[]> {
  if (QUERY.test(call.callee)) {
    const statement = call.args[0] && isText(call.args[0]) ? literal(call.args[0]) : '';
    if (isSql(statement, true)) return sqlDangers(statement);
  }
  if (!STARTS.test(call.callee) && !context.execs.has(call.callee)) return [];
  const given = shellArgument(call, context);
  const script =
    given && isText(given) && isConstant(given) ? literal(given) : commandWords(call.args)?.join(' ');
  return script && script.length < 10_000 ? readShell(script) : [];
}

const OPTION =
  /["']?(?:rejectUnauthorized|strictSSL|verifyTLS)["']?\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED["'\]]*\s*=\s*["']?0|InsecureSkipVerify\s*:\s*true|verify_mode\s*=\s*ssl\.CERT_NONE|check_hostname\s*=\s*False|_create_default_https_context\s*=/;
const OPTION_NODES = ['pair', 'assignment_expression', 'assignment', 'keyed_element'];
const TEXT_NODES = ['string', 'template_string', 'string_literal', 'interpreted_string_literal'];
const BUILT_NODES = ['binary_expression', 'binary_operator', 'template_string', 'string', 'call'];

/** Dangers that are no call: an option, a statement in a string. Each is looked for where the source speaks of it. */
function* beyondCalls(root: Node, grammar: Grammar, source: string): Generator<[Verdict, Node]> {
  if (OPTION.test(source)) {
    for (const node of nodesOf(root, OPTION_NODES)) {
      if (node.text.length < 400 && OPTION.test(node.text)) yield [verdicts.disablesTls, node];
    }
  }
  if (/\b(?:SELECT|INSERT|UPDATE|DELETE|DROP|ALTER|MERGE|REPLACE|TRUNCATE|WITH)\s/.test(source)) {
    for (const node of nodesOf(root, BUILT_NODES)) {
      if (isBuilt(node) && !isTagged(node) && !isLogged(node) && isSql(textsIn(node).join(' ? '), false))
        yield [verdicts.sqlInjection, node];
    }
  }
  if (MINER.test(source)) {
    for (const node of nodesOf(root, TEXT_NODES)) {
      if (MINER.test(` ${node.text.slice(0, 2000)}`)) yield [verdicts.miner, node];
    }
  }
  if (grammar === 'php') {
    for (const node of nodesOf(root, ['shell_command_expression']))
      if (!isConstant(node)) yield [verdicts.shellInjection, node];
  }
}

/** What is printed is not run. */
function isLogged(node: Node): boolean {
  for (let outer = node.parent, steps = 0; outer && steps < 4; outer = outer.parent, steps++) {
    const callee = outer.childForFieldName('function')?.text;
    if (callee !== undefined) return /^(?:console|log|logger|logging)\.|^print$|Error$/.test(callee);
  }
  return false;
}
