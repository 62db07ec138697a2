import type { Node } from './grammars.ts';
import { nodesOf } from './grammars.ts';
import { type Verdict, verdicts } from './danger.ts';
import { isDisk, isForeign, isOutside, isSecretFile, isWhole, MINER } from './paths.ts';
import type { Command } from './shell.ts';

// What a shell command does, by its words. A verdict each: the first that holds is the gravest.

const has = (words: readonly string[], ...options: string[]): boolean =>
  options.some((option) => words.includes(option));
/** A short option, alone or among others: -r of `-rf`. */
const short = (words: readonly string[], letter: string): boolean =>
  words.some((word) => /^-[A-Za-z]+$/.test(word) && word.includes(letter));
const plain = (words: readonly string[]): string[] => words.slice(1).filter((word) => !word.startsWith('-'));
const nameOf = (words: readonly string[]): string => (words[0] ?? '').replace(/^.*\//, '').toLowerCase();

const INTERPRETER = /^(?:ba|z|da|k|fi)?sh$|^python[\d.]*$|^node$|^perl$|^ruby$|^php$|^bun$|^deno$/;
const DOWNLOADER = /^(?:curl|wget|fetch|aria2c|http|https)$/;
const SENDER = /^(?:curl|wget|nc|ncat|netcat|socat|mail|sendmail|mutt|telnet|http|https)$/;
const UNGUARDED = /^\$\{?\w+\}?\/?\*$|^\$\{?\w+\}?\/$|^\$\{?\w+\}?\/\*$/;

type Rule = (command: Command) => Verdict | null;

export function judgeCommand(command: Command): Verdict | null {
  for (const rule of RULES) {
    const verdict = rule(command);
    if (verdict) return verdict;
  }
  return null;
}

const deletes: Rule = ({ words }) => {
  const name = nameOf(words);
  const targets = plain(words);
  if (name === 'rm' || name === 'unlink') {
    if (words.includes('--no-preserve-root')) return verdicts.wipesSystem;
    const recursive = short(words, 'r') || short(words, 'R') || words.includes('--recursive');
    if (recursive && targets.some(isWhole)) return verdicts.wipesSystem;
    if (targets.some((target) => /bash_history|zsh_history|\/var\/log\/?\*?$/.test(target)))
      return verdicts.coversTracks;
    if (recursive && targets.some((target) => UNGUARDED.test(target))) return verdicts.unguardedDelete;
  }
  if (
    name === 'find' &&
    (has(words, '-delete') ||
      (has(words, '-exec', '-execdir', '-ok') && words.some((word) => /^(?:.*\/)?(?:rm|shred)$/.test(word))))
  )
    return isWhole(words[1] ?? '') ? verdicts.wipesSystem : null;
  return null;
};

const wipes: Rule = ({ words, writesTo }) => {
  const name = nameOf(words);
  const targets = plain(words);
  if (/^mkfs|^(?:wipefs|blkdiscard|mkswap)$/.test(name) && targets.length > 0) return verdicts.wipesSystem;
  if (/^(?:shred|badblocks|sgdisk|parted)$/.test(name) && targets.some(isDisk) && !words[1]?.startsWith('-l'))
    return verdicts.wipesSystem;
  if (name === 'dd' && words.some((word) => word.startsWith('of=') && isDisk(word.slice(3))))
    return verdicts.wipesSystem;
  if (writesTo.some(isDisk) || (/^(?:cp|mv|tee|cat)$/.test(name) && isDisk(targets.at(-1) ?? '')))
    return verdicts.wipesSystem;
  if (name === 'mv' && isWhole(targets[0] ?? '') && /^\/dev\/null$/.test(targets[1] ?? ''))
    return verdicts.wipesSystem;
  if (name === 'dropdb' || (name === 'mysqladmin' && has(words, 'drop'))) return verdicts.wipesDatabase;
  if (/^mongo(?:sh)?$/.test(name) && words.some((word) => /dropDatabase\s*\(/.test(word)))
    return verdicts.wipesDatabase;
  return null;
};

const runsUnseen: Rule = ({ words, pipeline, inner }) => {
  const name = nameOf(words);
  const at = pipeline.findIndex(({ words: other }) => other === words);
  const feeders = pipeline.slice(0, Math.max(0, at)).map(({ words: other }) => other);
  if (INTERPRETER.test(name) && !words.slice(1).some((word) => /^-(?:c|e|m)$/.test(word))) {
    if (feeders.some((other) => DOWNLOADER.test(nameOf(other)))) return verdicts.runsDownload;
    if (
      feeders.some(
        (other) =>
          /^(?:base64|xxd|openssl|gunzip|uudecode)$/.test(nameOf(other)) &&
          (short(other, 'd') || short(other, 'D') || has(other, '--decode', '-r', 'enc')),
      )
    )
      return verdicts.hiddenCommand;
  }
  if (
    (INTERPRETER.test(name) || /^(?:eval|source|\.|exec)$/.test(name)) &&
    inner.some(({ words: other }) => DOWNLOADER.test(nameOf(other)))
  )
    return verdicts.runsDownload;
  if (name === 'eval' && inner.some(({ words: other }) => nameOf(other) === 'base64'))
    return verdicts.hiddenCommand;
  return null;
};

const opensShell: Rule = ({ words, writesTo, node, pipeline }) => {
  const name = nameOf(words);
  const all = words.join(' ');
  if (writesTo.some((target) => /^\/dev\/(?:tcp|udp)\//.test(target))) return verdicts.reverseShell;
  if (
    /\/dev\/(?:tcp|udp)\/[\w.$-]+\/\d+/.test(node.parent?.text.slice(0, 2000) ?? all) &&
    /^(?:ba|z|k)?sh$|^exec$/.test(name)
  )
    return verdicts.reverseShell;
  if (
    /^(?:nc|ncat|netcat)$/.test(name) &&
    (short(words, 'e') || short(words, 'c') || has(words, '--exec', '--sh-exec'))
  )
    return verdicts.reverseShell;
  // A shell whose output goes into the connection: its input comes back by a named pipe.
  if (
    /^(?:nc|ncat|netcat|telnet)$/.test(name) &&
    pipeline.some(({ words: other }) => /^(?:ba|z|da|k)?sh$/.test(nameOf(other)))
  )
    return verdicts.reverseShell;
  if (name === 'socat' && /exec:/i.test(all) && /tcp|openssl/i.test(all)) return verdicts.reverseShell;
  if (MINER.test(` ${all}`)) return verdicts.miner;
  return null;
};

const permits: Rule = ({ words }) => {
  const name = nameOf(words);
  if (
    name === 'chmod' &&
    words
      .slice(1)
      .some((word) =>
        /^(?:0?[0-7]?777|0?666|[24567][0-7]{3}|a\+rwx|a=rwx|ugo\+rwx|o\+w|a\+w|[ug]*\+s)$/.test(word),
      )
  )
    return verdicts.openPermissions;
  if (name === 'setenforce' && has(words, '0', 'Permissive')) return verdicts.disablesProtection;
  if (name === 'ufw' && has(words, 'disable', 'reset')) return verdicts.disablesProtection;
  if (/^ip6?tables$/.test(name) && has(words, '-F', '--flush', '-X')) return verdicts.disablesProtection;
  if (
    /^(?:systemctl|service)$/.test(name) &&
    has(words, 'stop', 'disable', 'mask') &&
    words.some((word) =>
      /^(?:firewalld|ufw|auditd|apparmor|falco|clamav\S*|crowdstrike\S*|falcon-sensor)(?:\.service)?$/.test(
        word,
      ),
    )
  )
    return verdicts.disablesProtection;
  if (name === 'history' && short(words, 'c')) return verdicts.coversTracks;
  return null;
};

const loses: Rule = ({ words }) => {
  const name = nameOf(words);
  if (
    name === 'git' &&
    has(words, 'push') &&
    (short(
      words.filter((word) => !word.startsWith('--')),
      'f',
    ) ||
      has(words, '--force', '--mirror') ||
      words.some((word) => /^\+[\w/-]/.test(word)))
  )
    return verdicts.forcePush;
  if (name === 'redis-cli' && words.some((word) => /^flush(?:all|db)$/i.test(word)))
    return verdicts.deletesData;
  if (/^(?:terraform|tofu|pulumi|cdk)$/.test(name) && (has(words, 'destroy') || words.includes('-destroy')))
    return verdicts.deletesData;
  if (
    name === 'kubectl' &&
    has(words, 'delete') &&
    (has(words, 'namespace', 'namespaces', 'ns', 'pv', 'pvc', '--all', 'node', 'nodes') ||
      words.some((word) => /^(?:namespace|ns|pvc?)\//.test(word)))
  )
    return verdicts.deletesData;
  if (
    name === 'aws' &&
    ((has(words, 's3') &&
      ((has(words, 'rb') && words.includes('--force')) ||
        (has(words, 'rm') && words.includes('--recursive')))) ||
      words.some((word) =>
        /^(?:delete-db-(?:instance|cluster)|terminate-instances|delete-bucket)$/.test(word),
      ))
  )
    return verdicts.deletesData;
  if (/^(?:gcloud|az)$/.test(name) && has(words, 'delete') && has(words, 'projects', 'group', 'instances'))
    return verdicts.deletesData;
  if (name === 'docker' && has(words, 'volume') && has(words, 'rm', 'prune')) return verdicts.deletesData;
  return null;
};

const trusts: Rule = ({ words }) => {
  const name = nameOf(words);
  if (name === 'curl' && (has(words, '--insecure') || short(words, 'k'))) return verdicts.disablesTls;
  if (name === 'wget' && words.includes('--no-check-certificate')) return verdicts.disablesTls;
  if (
    /^(?:git|npm|yarn|pnpm)$/.test(name) &&
    has(words, 'config') &&
    /(?:http\.sslverify|strict-ssl) ?=?(?:false|0)|(?:http\.sslverify|strict-ssl)$/i.test(
      words.slice(0, -1).join(' '),
    ) &&
    /^(?:false|0)$/i.test(words.at(-1)!)
  )
    return verdicts.disablesTls;
  return null;
};

/** Secrets of the machine: in a file, in the environment, out of a store. */
const readsSecrets = ({ words }: Command): boolean =>
  (/^(?:env|printenv|set|export)$/.test(nameOf(words)) && words.length === 1) ||
  (/^(?:cat|tar|zip|base64|less|head|tail|gzip|scp|cp)$/.test(nameOf(words)) &&
    words.slice(1).some(isSecretFile));

const sends: Rule = ({ words, pipeline, inner }) => {
  const name = nameOf(words);
  if (!SENDER.test(name) && name !== 'scp' && name !== 'rsync') return null;
  const targets = plain(words).filter((word) => /^[a-z]+:\/\/|^[\w-]+(?:\.[\w-]+)+|@[\w.-]+/i.test(word));
  if (targets.length > 0 && !targets.some((target) => isForeign(target.replace(/^\w+@/, '')))) return null;
  if (/^(?:scp|rsync)$/.test(name))
    return plain(words).slice(0, -1).some(isSecretFile) && /:/.test(words.at(-1)!)
      ? verdicts.exfiltrates
      : null;
  const uploads = words.some(
    (word, at) =>
      (/^@|=@|^file=/.test(word) ||
        /^(?:-T|--upload-file|--post-file)$/.test(words[at - 1] ?? '') ||
        word.startsWith('--post-file=')) &&
      isSecretFile(word.replace(/^--post-file=/, '')),
  );
  if (uploads || inner.some(readsSecrets)) return verdicts.exfiltrates;
  const at = pipeline.findIndex(({ words: other }) => other === words);
  return pipeline.slice(0, Math.max(0, at)).some(readsSecrets) ? verdicts.exfiltrates : null;
};

const writes: Rule = ({ words, writesTo }) => {
  const name = nameOf(words);
  const targets = plain(words);
  const written = [
    ...writesTo,
    ...(name === 'tee' ? targets : []),
    ...(/^(?:cp|mv|install|ln)$/.test(name) ? targets.slice(-1) : []),
    ...(name === 'sed' && short(words, 'i') ? targets.slice(1) : []),
  ];
  return written.some(
    (path) =>
      isOutside(path) &&
      !/^\/(?:etc\/(?:nginx|apache2|caddy|haproxy|systemd|motd|default|logrotate|apt|yum|docker|prometheus|grafana)|proc\/sys)/.test(
        path,
      ),
  )
    ? verdicts.writesOutside
    : null;
};

const RULES: readonly Rule[] = [
  deletes,
  wipes,
  sends,
  runsUnseen,
  opensShell,
  loses,
  permits,
  trusts,
  writes,
];

/** A function that pipes itself into itself, in the background. */
export function forkBombs(root: Node): Node[] {
  return nodesOf(root, ['function_definition']).filter((node) => {
    const name = node.childForFieldName('name')?.text;
    const body = node.childForFieldName('body');
    if (name === undefined || !body || !/&/.test(body.text)) return false;
    return nodesOf(body, ['pipeline']).some(
      (pipeline) =>
        nodesOf(pipeline, ['command']).filter((command) => command.text.trim() === name).length >= 2,
    );
  });
}

/** Code of another kind among a command's words: `bash -c '…'`, `ssh host '…'`, `psql -c '…'`. */
export function embedded({
  words,
}: Command): { language: 'bash' | 'sql' | 'python' | 'tsx'; source: string } | null {
  const name = nameOf(words);
  const after = (...options: string[]): string | undefined => {
    const at = words.findIndex((word) => options.includes(word));
    return at === -1 ? undefined : words[at + 1];
  };
  const found = (language: 'bash' | 'sql' | 'python' | 'tsx', source: string | undefined) =>
    source === undefined ? null : { language, source };
  if (/^(?:ba|z|da|k)?sh$|^su$/.test(name)) return found('bash', after('-c', '-lc', '-ec', '-xc', '-ic'));
  if (name === 'eval') return found('bash', words.slice(1).join(' '));
  if (name === 'ssh' && words.length > 2) {
    const host = words.findIndex(
      (word, at) => at > 0 && !word.startsWith('-') && !/^-[iplFJoL]$/.test(words[at - 1]!),
    );
    return host > 0 && host + 1 < words.length ? found('bash', words.slice(host + 1).join(' ')) : null;
  }
  if (/^(?:docker|podman|kubectl)$/.test(name) && has(words, 'exec', 'run')) {
    const shell = words.findIndex((word) => /^(?:.*\/)?(?:ba|z|da)?sh$/.test(word));
    return shell > 0 && words[shell + 1] === '-c' ? found('bash', words[shell + 2]) : null;
  }
  if (/^(?:psql|mysql|mariadb|cockroach|sqlcmd|clickhouse-client)$/.test(name))
    return found('sql', after('-c', '--command', '-e', '--execute', '-Q', '-q', '--query'));
  if (name === 'sqlite3') return found('sql', words[2]);
  if (/^python[\d.]*$/.test(name)) return found('python', after('-c'));
  if (/^(?:node|bun|deno)$/.test(name)) return found('tsx', after('-e', '--eval', '-p'));
  return null;
}
