import type { Grammar } from './grammars.ts';

export type CodeLanguage = Grammar | 'sql' | 'powershell' | 'dockerfile' | 'yaml' | 'make' | 'other';

const NAMES: Readonly<Record<string, CodeLanguage>> = {
  js: 'tsx',
  javascript: 'tsx',
  jsx: 'tsx',
  mjs: 'tsx',
  cjs: 'tsx',
  node: 'tsx',
  tsx: 'tsx',
  ts: 'typescript',
  typescript: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  py: 'python',
  python: 'python',
  python3: 'python',
  sh: 'bash',
  bash: 'bash',
  shell: 'bash',
  zsh: 'bash',
  console: 'bash',
  'shell-session': 'bash',
  terminal: 'bash',
  cmd: 'bash',
  sql: 'sql',
  postgres: 'sql',
  postgresql: 'sql',
  mysql: 'sql',
  plpgsql: 'sql',
  powershell: 'powershell',
  ps1: 'powershell',
  pwsh: 'powershell',
  dockerfile: 'dockerfile',
  docker: 'dockerfile',
  yaml: 'yaml',
  yml: 'yaml',
  make: 'make',
  makefile: 'make',
  mk: 'make',
  php: 'php',
  rb: 'ruby',
  ruby: 'ruby',
  java: 'java',
  go: 'go',
  golang: 'go',
  json: 'other',
  text: 'other',
  txt: 'other',
  plain: 'other',
  md: 'other',
  markdown: 'other',
  html: 'other',
  css: 'other',
  ini: 'other',
  toml: 'other',
  env: 'other',
  csv: 'other',
  xml: 'other',
  hcl: 'other',
  terraform: 'other',
  rust: 'other',
  rs: 'other',
};

/** What a fence or a field calls a language, or a file's ending. */
export const named = (name: string): CodeLanguage | null => NAMES[name.trim().toLowerCase()] ?? null;

export function byFileName(path: string): CodeLanguage | null {
  const file = path.slice(path.lastIndexOf('/') + 1);
  if (/^dockerfile/i.test(file)) return 'dockerfile';
  if (/^makefile$/i.test(file)) return 'make';
  const ending = /\.([A-Za-z0-9]+)$/.exec(file)?.[1];
  return ending === undefined ? null : named(ending);
}

const COMMANDS =
  'sudo|rm|curl|wget|git|docker|kubectl|helm|terraform|aws|gcloud|az|npm|npx|yarn|pnpm|pip3?|python3?|node|psql|mysql|mongo|mongosh|redis-cli|dropdb|ssh|scp|rsync|tar|chmod|chown|cp|mv|mkdir|find|dd|mkfs[.\\w]*|shred|systemctl|service|ufw|iptables|setenforce|nc|ncat|echo|cat|export|crontab|kill|apt|apt-get|yum|brew|make|bash|sh|zsh|nohup|env|printenv|history|umount|mount|source|sed|awk|grep|ls|cd|touch|tee|xargs|wipefs';
const COMMAND_LINE = new RegExp(`^\\s*(?:\\$ )?(?:[A-Z_]+=\\S*\\s+)*(?:\\./[\\w./-]+|${COMMANDS})(?:\\s|$)`);

export const isCommandLine = (line: string): boolean =>
  COMMAND_LINE.test(line) && !/[.!?:]$/.test(line.trim());

/** The language of a text by what it looks like, or null where it looks like prose or data. Reads its beginning. */
export function guess(text: string): CodeLanguage | null {
  const head = text.slice(0, 8000);
  if (/^#!.*\b(?:ba|z|da|k)?sh\b/.test(head)) return 'bash';
  if (/^#!.*\bpython/.test(head)) return 'python';
  if (/^#!.*\bnode/.test(head)) return 'tsx';
  if (/^\s*<\?php/.test(head)) return 'php';
  if (/^[^\S\n]*(?:FROM\s+\S+)/m.test(head) && /^(?:RUN|COPY|WORKDIR|CMD|ENTRYPOINT)\s/m.test(head))
    return 'dockerfile';
  if (
    /^\s*(?:select\s[\s\S]*\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|drop\s+(?:table|database|schema)\s|truncate\s+table|alter\s+table\s|create\s+(?:table|index|database)\s|begin;|grant\s+\w+)/i.test(
      head,
    ) &&
    !/^\s*select \w+ items\b/i.test(head)
  )
    return 'sql';
  if (
    /^[^\S\n]*(?:def|class)\s+\w+[^\n]*:\s*(?:#.*)?$|^[^\S\n]*(?:from\s+[\w.]+\s+)?import\s+[\w., ]+$|^[^\S\n]*if __name__|^[^\S\n]*with\s+open\(|^[^\S\n]*@\w+[\w.]*(?:\(|$)/m.test(
      head,
    ) &&
    !/[;{]\s*$/m.test(head)
  )
    return 'python';
  if (
    /^[^\S\n]*(?:import\s[^\n]*\sfrom\s+['"]|import\s+['"]|export\s+(?:default|const|function|async|class|type|interface)\b|(?:const|let|var)\s+[\w{[][^\n]*=|(?:async\s+)?function\b[^\n]*\{|[\w.]+\([^\n]*=>\s*\{)/m.test(
      head,
    )
  )
    return 'tsx';
  if (
    /^[^\S\n]*(?:public|private|protected)\s+(?:static\s+)?[\w<>[\]]+\s+\w+|^[^\S\n]*public\s+class\b/m.test(
      head,
    )
  )
    return 'java';
  if (/^[^\S\n]*package\s+\w+\s*$|^func\s+\w+\(/m.test(head)) return 'go';
  if (/\b(?:Get|Set|Remove|New|Invoke)-[A-Z]\w+|\biex\s*\(/.test(head)) return 'powershell';
  const lines = head.split('\n').filter((line) => line.trim() !== '' && !/^\s*#/.test(line));
  if (lines.length > 0 && isCommandLine(lines[0]!) && lines.filter(isCommandLine).length * 2 >= lines.length)
    return 'bash';
  if (/^\s*:\(\)\s*\{/.test(head)) return 'bash';
  return null;
}
