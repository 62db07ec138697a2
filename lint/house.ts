// The house rules that no linter knows, as a plugin of oxlint: see .oxlintrc.json for where each holds, and
// test/guards/lint.test.ts for a file that breaks each.
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crossed } from './boundaries.ts';

interface Node {
  type: string;
  [key: string]: unknown;
}

interface RuleContext {
  filename: string;
  report(problem: { node: Node; message: string }): void;
}

interface Rule {
  create(context: RuleContext): Record<string, (node: Node) => void>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const toSlashes = (path: string): string => path.split(sep).join('/');
const isNamed = (node: unknown, name: string): boolean =>
  (node as Node).type === 'Identifier' && (node as Node).name === name;
const isMember = (node: Node, object: string, property: string): boolean =>
  node.type === 'MemberExpression' &&
  isNamed(node.object, object) &&
  (isNamed(node.property, property) || (node.property as Node).value === property);

/** One Clock and one Ids, injected: nothing else may read the machine's clock or throw dice. */
const clock: Rule = {
  create: ({ report }) => ({
    MemberExpression(node) {
      if (isMember(node, 'Date', 'now')) report({ node, message: 'Date.now: ask the injected Clock' });
      if (isMember(node, 'Math', 'random')) report({ node, message: 'Math.random: ask the injected Ids' });
    },
    NewExpression(node) {
      if (isNamed(node.callee, 'Date') && (node.arguments as Node[]).length === 0) {
        report({ node, message: 'new Date(): ask the injected Clock' });
      }
    },
    CallExpression(node) {
      if (isNamed(node.callee, 'Date')) report({ node, message: 'Date(): ask the injected Clock' });
    },
  }),
};

const SQL_CLOCK =
  /\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)|\b(current_(timestamp|date|time)|localtime(stamp)?)\b/i;

/** Time goes into SQL as a value of the Clock's: a database's own clock no test can move, and replicas' differ. */
const sqlClock: Rule = {
  create({ report }) {
    const check = (node: Node, text: unknown): void => {
      const found = typeof text === 'string' ? SQL_CLOCK.exec(text) : null;
      if (found) report({ node, message: `${found[0]} in SQL: pass the Clock's time as a value` });
    };
    return {
      Literal: (node) => check(node, node.value),
      TemplateElement: (node) => check(node, (node.value as { raw: string }).raw),
    };
  },
};

/** src/config.ts alone reads the environment. */
const environment: Rule = {
  create: ({ report }) => ({
    MemberExpression(node) {
      if (isMember(node, 'process', 'env'))
        report({ node, message: 'process.env: src/config.ts alone reads it' });
    },
    ImportDeclaration(node) {
      const source = (node.source as Node).value;
      const names = (node.specifiers as Node[]).map(({ imported }) => (imported as Node | undefined)?.name);
      if ((source === 'node:process' || source === 'process') && names.includes('env')) {
        report({ node, message: 'process.env: src/config.ts alone reads it' });
      }
    },
  }),
};

const isTypeOnly = (node: Node): boolean => {
  if (node.importKind === 'type' || node.exportKind === 'type') return true;
  const specifiers = (node.specifiers ?? []) as Node[];
  return (
    specifiers.length > 0 &&
    specifiers.every(({ importKind, exportKind }) => (importKind ?? exportKind) === 'type')
  );
};

/** Who may import whom: lint/boundaries.ts. */
const boundaries: Rule = {
  create({ filename, report }) {
    const check = (node: Node): void => {
      const source = (node.source as Node | null)?.value;
      if (typeof source !== 'string') return;
      const importer = toSlashes(relative(root, filename));
      const imported = source.startsWith('.')
        ? toSlashes(relative(root, join(dirname(filename), source)))
        : source;
      const says = crossed({ importer, imported, typeOnly: isTypeOnly(node) });
      if (says !== null) report({ node, message: `${says} (${imported})` });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

const ROLE = /(^|[-/])(utils?|helpers?|managers?|services?|common|misc)(-|\.ts$|\/)/;

/** Files and folders are named after what they hold, never after a role that fits anything; none is an index. */
const names: Rule = {
  create: ({ filename, report }) => ({
    Program(node) {
      const path = toSlashes(relative(root, filename));
      if (ROLE.test(path)) report({ node, message: `${path}: named after a role, not after what it holds` });
      if (path.endsWith('/index.ts')) report({ node, message: `${path}: no barrels` });
    },
  }),
};

export default {
  meta: { name: 'house' },
  rules: { clock, 'sql-clock': sqlClock, environment, boundaries, names },
};
