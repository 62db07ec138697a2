import type { RiskLevel } from '../../analyzer.ts';

/** What a piece of code does that it should not, where in that piece. */
export interface Danger {
  code: string;
  level: RiskLevel;
  message: string;
  start: number;
  end: number;
}

/** Without its place: rules say what, those who walk the tree say where. */
export type Verdict = Omit<Danger, 'start' | 'end'>;

const verdict = (code: string, level: RiskLevel, message: string): Verdict => ({ code, level, message });

export const verdicts = {
  wipesSystem: verdict('wipes_system', 'CRITICAL', 'It deletes a system, a home folder or a disk'),
  wipesDatabase: verdict('wipes_database', 'CRITICAL', 'It deletes a whole database'),
  exfiltrates: verdict('exfiltrates_secrets', 'CRITICAL', 'It sends secrets of the machine to somebody else'),
  unguardedDelete: verdict('unguarded_delete', 'HIGH', 'It deletes below a variable that may be empty'),
  deletesData: verdict('deletes_data', 'HIGH', 'It deletes or changes all rows, keys or resources at once'),
  runsDownload: verdict('runs_download', 'HIGH', 'It runs what it downloads without looking at it'),
  hiddenCommand: verdict(
    'hidden_command',
    'HIGH',
    'It runs a command that is encoded so that nobody can read it',
  ),
  openPermissions: verdict('open_permissions', 'HIGH', 'It lets everybody write, or act as somebody else'),
  reverseShell: verdict(
    'reverse_shell',
    'HIGH',
    'It gives a shell to somebody at the other end of a connection',
  ),
  miner: verdict('crypto_miner', 'HIGH', 'It mines cryptocurrency'),
  forkBomb: verdict('fork_bomb', 'HIGH', 'It starts copies of itself until the machine stops'),
  forcePush: verdict('force_push', 'HIGH', 'It overwrites the history that others work on'),
  writesOutside: verdict(
    'writes_outside',
    'HIGH',
    'It writes where the work has no business: the system, or another user’s files',
  ),
  disablesProtection: verdict('disables_protection', 'HIGH', 'It turns a firewall, a scanner or a guard off'),
  disablesTls: verdict(
    'disables_tls_checks',
    'HIGH',
    'It accepts any certificate: whoever is in between can read and change everything',
  ),
  coversTracks: verdict('covers_tracks', 'HIGH', 'It deletes the record of what was done'),
  evaluates: verdict('evaluates_text', 'HIGH', 'It runs text as code'),
  shellInjection: verdict('shell_injection', 'HIGH', 'It builds a shell command out of values'),
  sqlInjection: verdict(
    'sql_injection',
    'HIGH',
    'It builds SQL out of values instead of passing them as parameters',
  ),
  deserializes: verdict('unsafe_deserialization', 'HIGH', 'It reads a format that can carry code'),
} as const;
