import { type Call, isBuilt, isConstant, isText, literal, textsIn } from './calls.ts';
import { type Verdict, verdicts } from './danger.ts';
import type { Grammar, Node } from './grammars.ts';
import { isForeign, isOutside, isSecretFile, isWhole } from './paths.ts';
import { isSql } from './sql.ts';

// What a program's call does. `context.shells` are the names by which it knows the module that starts processes.

export interface Context {
  grammar: Grammar;
  source: string;
  shells: ReadonlySet<string>;
  /** Names that its `exec` goes by: `import { exec as run }`, `const { exec: run } = require(…)`. */
  execs: ReadonlySet<string>;
}

type Rule = (call: Call, context: Context) => Verdict | null;

/** Names under which node:child_process is at hand: `import * as cp`, `const cp = require(…)`, `promisify(exec)`. */
export function shellsOf(source: string): Set<string> {
  const names = new Set([
    'child_process',
    'childProcess',
    "require('child_process')",
    'require("child_process")',
    "require('node:child_process')",
  ]);
  for (const match of source.matchAll(
    /(?:import\s+(?:\*\s+as\s+)?(\w+)\s+from\s+|(?:const|let|var)\s+(\w+)\s*=\s*(?:await\s+import|require)\s*\(\s*)['"](?:node:)?child_process['"]/g,
  ))
    names.add((match[1] ?? match[2])!);
  return names;
}

export function execsOf(source: string): Set<string> {
  const names = new Set<string>();
  for (const match of source.matchAll(
    /\{([^{}]{0,300})\}\s*(?:=\s*(?:await\s+import|require)\s*\(|from)\s*['"](?:node:)?child_process['"]/g,
  )) {
    for (const alias of match[1]!.matchAll(/\bexec(?:Sync)?\s*(?::|\bas\b)\s*(\w+)/g)) names.add(alias[1]!);
  }
  for (const match of source.matchAll(
    /(?:const|let|var)\s+(\w+)\s*=\s*(?:util\.)?promisify\(\s*(?:\w+\.)?exec\s*\)/g,
  ))
    names.add(match[1]!);
  return names;
}

const splitCallee = (callee: string): [string, string] => {
  const dot = callee.lastIndexOf('.');
  return dot === -1 ? ['', callee] : [callee.slice(0, dot), callee.slice(dot + 1)];
};
const isScript = (grammar: Grammar): boolean => grammar === 'tsx' || grammar === 'typescript';

/** Names of what starts a process, in any of the languages. */
export const STARTS =
  /(?:^|\.)(?:exec\w*|spawn\w*|system|popen\d?|proc_open|pcntl_exec|passthru|shell_exec|run|call|check_call|check_output|Popen|get(?:status)?output|create_subprocess_\w+|Command|`|capture\w*|pipeline\w*)$/;

/** The text that a shell is given by this call, or null where it starts none. */
export function shellArgument(call: Call, { grammar, source, shells, execs }: Context): Node | null {
  if (!STARTS.test(call.callee) && !execs.has(call.callee)) return null;
  const [object, method] = splitCallee(call.callee);
  const first = call.args[0];
  if (!first) return null;
  if (isScript(grammar)) {
    if (execs.has(call.callee)) return first;
    const known =
      object === '' ? /child_process/.test(source) || method.endsWith('Sync') : shells.has(object);
    if (known && /^exec(?:Sync)?$/.test(method)) return first;
    if (
      /^spawn(?:Sync)?$|^exec[Ff]ile(?:Sync)?$|^execa$/.test(method) &&
      call.args.some(({ text }) => /\bshell\s*:\s*(?:true|['"])/.test(text))
    )
      return first;
    if (/^(?:shell|shelljs)$/.test(object) && method === 'exec') return first;
  }
  if (grammar === 'python') {
    if (
      /^(?:os\.(?:system|popen)|commands\.getoutput|subprocess\.get(?:status)?output|asyncio\.create_subprocess_shell)$/.test(
        call.callee,
      )
    )
      return first;
    if (
      /^(?:subprocess\.)?(?:run|call|check_call|check_output|Popen)$/.test(call.callee) &&
      call.named.get('shell') === 'True'
    )
      return first;
  }
  if (
    grammar === 'php' &&
    /^(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec)$/.test(call.callee)
  )
    return first;
  if (
    grammar === 'ruby' &&
    /^(?:Kernel\.)?(?:system|exec|spawn|`)$|^IO\.popen$|^Open3\.\w+$/.test(call.callee)
  )
    return call.args.length === 1 ? first : null;
  if (grammar === 'java' && call.callee.endsWith('getRuntime().exec')) return first;
  if (
    grammar === 'go' &&
    call.callee === 'exec.Command' &&
    /^["'`](?:\/bin\/)?(?:ba|z)?sh["'`]$/.test(first.text)
  )
    return call.args[2] ?? null;
  return null;
}

const shell: Rule = (call, context) => {
  const given = shellArgument(call, context);
  return given && !isConstant(given) ? verdicts.shellInjection : null;
};

const EVALUATES =
  /(?:^|\.)(?:eval|exec|(?:Async)?Function|runIn(?:New|This)?Context|compileFunction|Script|VM|NodeVM|set(?:Timeout|Interval)|assert|create_function|(?:instance|class|module)_eval)$/;

const evaluates: Rule = ({ callee, args, isNew }, { grammar }) => {
  if (!EVALUATES.test(callee)) return null;
  const first = args[0];
  const varies = first !== undefined && !isConstant(first);
  const [object, method] = splitCallee(callee);
  if (isScript(grammar)) {
    if (/^(?:(?:window|globalThis|global|self)\.)?eval$/.test(callee) && varies) return verdicts.evaluates;
    if (
      /^(?:(?:window|globalThis)\.)?(?:Async)?Function$/.test(callee) &&
      (isNew || object === '') &&
      args.some((arg) => !isConstant(arg))
    )
      return verdicts.evaluates;
    if (
      /^(?:runIn(?:New|This)?Context|compileFunction)$/.test(method) &&
      varies &&
      /^vm2?$|^new/.test(object)
    )
      return verdicts.evaluates;
    if (isNew && /^(?:vm\.)?Script$|^VM$|^NodeVM$/.test(callee) && varies) return verdicts.evaluates;
    if (/^set(?:Timeout|Interval)$/.test(callee) && first !== undefined && isBuilt(first))
      return verdicts.evaluates;
  }
  if (grammar === 'python' && /^(?:builtins\.)?(?:eval|exec)$/.test(callee) && varies)
    return verdicts.evaluates;
  if (grammar === 'php' && /^(?:eval|assert|create_function)$/.test(callee) && varies)
    return verdicts.evaluates;
  if (grammar === 'ruby' && /(?:^|\.)(?:eval|instance_eval|class_eval|module_eval)$/.test(callee) && varies)
    return verdicts.evaluates;
  return null;
};

const deserializes: Rule = ({ callee, args, named, isNew }, { grammar, source }) => {
  if (!/load|open|decode|unpickler|serialize|restore|read|ObjectInputStream/i.test(callee)) return null;
  const varies = args.length === 0 || !isConstant(args[0]!);
  if (grammar === 'python') {
    if (
      /^(?:c?[pP]ickle|dill|cloudpickle|marshal|shelve|jsonpickle|joblib)\.(?:loads?|open|decode|Unpickler)$/.test(
        callee,
      )
    )
      return verdicts.deserializes;
    if (/^yaml\.(?:unsafe_load|full_load_unsafe|load)(?:_all)?$/.test(callee)) {
      const loader = named.get('Loader') ?? args[1]?.text ?? '';
      return /Safe|Base/.test(loader) ? null : verdicts.deserializes;
    }
  }
  if (isScript(grammar) && /(?:^|\.)unserialize$/.test(callee)) return verdicts.deserializes;
  if (grammar === 'php' && callee === 'unserialize' && varies) return verdicts.deserializes;
  if (
    grammar === 'ruby' &&
    /^(?:Marshal\.(?:load|restore)|YAML\.(?:load|unsafe_load))$/.test(callee) &&
    varies
  )
    return verdicts.deserializes;
  if (
    grammar === 'java' &&
    ((isNew && callee === 'ObjectInputStream') ||
      (callee.endsWith('.readObject') && /ObjectInputStream|XMLDecoder/.test(source)))
  )
    return verdicts.deserializes;
  return null;
};

export const QUERY =
  /(?:^|\.)(?:query|execute|executemany|executescript|exec|raw|\$?(?:query|execute)Raw(?:Unsafe)?|prepare|createStatement|executeQuery|executeUpdate|find_by_sql|Query|QueryRow|Exec|all|get|run|each|text|unsafe|mysqli_query|pg_query)$/;

const sql: Rule = ({ callee, args }) => {
  const first = QUERY.test(callee) ? args[0] : undefined;
  if (first === undefined) return null;
  return isBuilt(first) && isSql(textsIn(first).join(' ? '), true) ? verdicts.sqlInjection : null;
};

const trusts: Rule = ({ callee, named, args }, { grammar }) => {
  if (grammar === 'python') {
    if (
      named.get('verify') === 'False' ||
      named.get('verify_ssl') === 'False' ||
      named.get('ssl') === 'False'
    )
      return verdicts.disablesTls;
    if (/_create_unverified_context$|disable_warnings$/.test(callee)) return verdicts.disablesTls;
  }
  if (
    grammar === 'php' &&
    callee === 'curl_setopt' &&
    /CURLOPT_SSL_VERIFY(?:PEER|HOST)/.test(args[1]?.text ?? '') &&
    /^(?:false|0)$/i.test(args[2]?.text ?? '')
  )
    return verdicts.disablesTls;
  return null;
};

const DELETE =
  /(?:^|\.)(?:rm|rmSync|rmdir|rmdirSync|remove|removeSync|emptyDir|emptyDirSync|rimraf|rimrafSync|rmtree|del|unlink|RemoveAll|rm_rf|rm_r|remove_dir|deleteDirectory|removedirs)$/;
const HOME =
  /^(?:os\.homedir\(\)|homedir\(\)|Path\.home\(\)|os\.path\.expanduser\(["']~\/?["']\)|process\.env\.HOME|os\.environ\[["']HOME["']\]|Dir\.home)$/;

const deletes: Rule = ({ callee, args }) => {
  if (!DELETE.test(callee) && !/drop|flush|delete|remove|destroy|sync/i.test(callee)) return null;
  const first = args[0];
  if (/(?:^|\.)dropDatabase$|(?:^|\.)drop_database$/.test(callee)) return verdicts.wipesDatabase;
  if (/(?:^|\.)flush(?:all|db)$/i.test(callee) && args.length === 0) return verdicts.deletesData;
  if (
    /(?:^|\.)(?:deleteMany|delete_many|remove|destroy)$/.test(callee) &&
    first !== undefined &&
    /^\{\s*\}$|^\{\s*(?:where\s*:\s*\{\s*\}|truncate\s*:\s*true)[^}]*\}$/.test(first.text)
  )
    return verdicts.deletesData;
  if (/(?:^|\.)sync$/.test(callee) && /force\s*:\s*true/.test(first?.text ?? '')) return verdicts.deletesData;
  if (first === undefined || !DELETE.test(callee)) return null;
  if (HOME.test(first.text.replace(/\s/g, ''))) return verdicts.wipesSystem;
  return isText(first) && isConstant(first) && isWhole(literal(first)) ? verdicts.wipesSystem : null;
};

const WRITE =
  /(?:^|\.)(?:writeFile|writeFileSync|appendFile|appendFileSync|createWriteStream|outputFile|outputFileSync|copyFile|copyFileSync|symlink|symlinkSync|write_text|write_bytes|file_put_contents|WriteFile|Create|copy|copyfile|move)$/;

const writes: Rule = ({ callee, args, named }, { grammar }) => {
  if (!WRITE.test(callee) && !/(?:^|\.)open$/.test(callee)) return null;
  const paths = args.filter((arg) => isText(arg)).map(literal);
  if (WRITE.test(callee)) {
    const written = /copy|move|symlink/i.test(callee) ? paths.slice(-1) : paths.slice(0, 1);
    if (written.some(isOutside)) return verdicts.writesOutside;
    if (
      /Path\(["']([^"']+)["']\)\.write_/.test(callee) &&
      isOutside(/Path\(["']([^"']+)["']\)/.exec(callee)![1]!)
    )
      return verdicts.writesOutside;
  }
  if (grammar === 'python' && /^(?:open|io\.open|codecs\.open)$/.test(callee)) {
    const mode = named.get('mode') ?? args[1]?.text ?? '';
    if (/[wax+]/.test(mode) && paths.slice(0, 1).some(isOutside)) return verdicts.writesOutside;
  }
  return null;
};

const SEND =
  /(?:^|\.)(?:fetch|sendBeacon|urlopen|Request)$|^(?:axios|got|ky|superagent|needle|request)(?:\.\w+)?$|^(?:requests|httpx|aiohttp|session|client|urllib3|http|https)\.(?:post|put|patch|get|request)$|^Net::HTTP\.post|^http\.Post/;
/** The whole environment, not one name of it. */
const WHOLE_ENVIRONMENT =
  /\bprocess\.env\b(?!\s*(?:\.|\?\.|\[))|\bos\.environ\b(?!\s*(?:\[|\.get|\.setdefault))|\bENV\.to_h\b|\$_ENV\b(?!\[)|os\.Environ\(\)/;

const sends: Rule = ({ callee, node }) => {
  const given = node.childForFieldName('arguments');
  if (!given || !SEND.test(callee)) return null;
  const texts = textsIn(given);
  const address = texts.find((text) => /^https?:\/\//.test(text));
  if (address !== undefined && !isForeign(address)) return null;
  if (WHOLE_ENVIRONMENT.test(given.text)) return verdicts.exfiltrates;
  const reads = /readFile(?:Sync)?|open\s*\(|read_text|File\.read|file_get_contents/.test(given.text);
  return reads && texts.some(isSecretFile) ? verdicts.exfiltrates : null;
};

export const CALL_RULES: readonly Rule[] = [
  deletes,
  sends,
  shell,
  evaluates,
  deserializes,
  sql,
  trusts,
  writes,
];

const SHELL_PATH =
  /^["'`](?:\/bin\/|\/usr\/bin\/)?(?:ba|z|da)?sh["'`]$|^["'`](?:cmd|powershell)(?:\.exe)?["'`]$/;

/** A connection to somebody, and a shell that is joined to it: over the whole program, for it takes several calls. */
export function reverseShell(calls: readonly Call[], source: string): Node | null {
  const connects = calls.find(({ callee }) =>
    /(?:^|\.)(?:connect|createConnection|connect_ex)$|^(?:net\.Dial|TCPSocket\.(?:new|open)|fsockopen|Socket)$/.test(
      callee,
    ),
  );
  if (!connects) return null;
  const starts = calls.find(
    ({ callee, args }) =>
      /(?:^|\.)(?:spawn|exec|execSync|Popen|call|run|execFile|system|proc_open|Command)$/.test(callee) &&
      args.some(({ text }) => SHELL_PATH.test(text) || /^\[\s*["']\/bin\/(?:ba)?sh["']/.test(text)),
  );
  const joins = /\bdup2\s*\(|\.pipe\s*\(|stdin\s*=\s*\w+|\.Stdin\s*=|fileno\(\)/.test(source);
  return starts && joins ? starts.node : null;
}
