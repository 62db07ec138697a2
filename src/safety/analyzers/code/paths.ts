// Places of a machine: whose loss can't be undone, where code has no business writing, and where secrets lie.

const HOME = String.raw`(?:~|\$\{?HOME\}?|/root|/home/[\w.-]+|/Users/[\w.-]+|%USERPROFILE%|\$env:USERPROFILE)`;

/** A disk, the system, all homes, one's own home, or the files of a database, whole. */
const WHOLE = new RegExp(
  String.raw`^(?:/|/\*|/\.\*|${HOME}|${HOME}/\*|/(?:etc|usr|var|home|bin|boot|lib|lib64|opt|root|sbin|srv|dev|sys|data|mnt|Users|System|Library|Applications)(?:/\*)?|/usr/(?:bin|lib|local)(?:/\*)?|/var/lib(?:/(?:postgresql|mysql|mongodb|redis|docker|kubelet|etcd))?(?:/\*)?|[A-Za-z]:(?:\\|/)?\*?|[A-Za-z]:\\(?:Windows|Users)(?:\\.*)?|\\|\$env:(?:SystemRoot|SystemDrive|windir)\\?)$`,
);
export const isWhole = (path: string): boolean =>
  WHOLE.test(path.length > 1 ? path.replace(/(?<=[^:\\/])\/+$/, '') : path);

export const isDisk = (path: string): boolean =>
  /^\/dev\/(?:sd[a-z]|hd[a-z]|vd[a-z]|xvd[a-z]|nvme\d|mmcblk\d|disk\d|rdisk\d|mapper\/|md\d)/.test(path) ||
  /^\\\\\.\\PhysicalDrive/i.test(path);

const SYSTEM = new RegExp(
  String.raw`^(?:/etc/|/usr/(?:bin|sbin|lib)|/bin/|/sbin/|/boot/|/lib/|/proc/|/sys/|/root/|/var/spool/cron|/Library/Launch|${HOME}/\.(?:ssh/|bashrc|zshrc|profile|bash_profile|config/autostart)|[A-Za-z]:\\Windows|(?:\.\./){3})`,
);
export const isOutside = (path: string): boolean => SYSTEM.test(path);

const SECRET_FILE =
  /(?:^|[/@=])(?:\.ssh(?:\/(?:id_[a-z0-9]+|[\w.-]+\.pem|\*)?)?$|\.ssh\/id_|\.aws\/credentials|\.netrc|\.kube\/config|\.docker\/config\.json|\.gnupg|\.pgpass|\.npmrc|\.git-credentials|\.env(?:\.[a-z]+)?$|id_(?:rsa|ed25519|ecdsa)$|credentials\.json$|shadow$|[\w-]*\.pem$)|\/etc\/shadow/;
export const isSecretFile = (path: string): boolean =>
  SECRET_FILE.test(path) && !/\.pub$|\.example$|\.sample$/.test(path);

const LOCAL_HOST =
  /^(?:localhost|127\.|10\.|192\.168\.|0\.0\.0\.0|\[::1|host\.docker\.internal|[a-z0-9-]+(?:[:/]|$))/i;
/** Another machine: anything with a dot in its name that is no private address. */
export const isForeign = (url: string): boolean =>
  !LOCAL_HOST.test(url.replace(/^[a-z]+:\/\/(?:[^\s/@]{0,100}@)?/i, ''));

export const MINER =
  /(?:^|[\s/"'])(?:xmrig|minerd|cpuminer|ethminer|nbminer|t-rex|phoenixminer|cgminer|bfgminer|xmr-stak|ccminer|lolminer)(?![\w])|stratum\+(?:tcp|ssl|tls):\/\//i;
