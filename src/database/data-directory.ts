import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '../kernel/folder.ts';

/** The folder is this process's until released. */
export interface DataDirectory {
  path: string;
  release(): Promise<void>;
}

/** Another process works in the folder; nothing was touched. */
export class DataDirectoryInUse extends Error {
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(`the data directory ${path} is in use by process ${pid}; two processes in one would destroy it`);
    this.name = 'DataDirectoryInUse';
    this.pid = pid;
  }
}

interface Holder {
  pid: number;
  /** When that process was started, in whatever form this machine tells it; null once it released the folder. */
  started: string | null;
}

const LOCK = /^lock\.(\d+)$/;

/**
 * Takes a data folder for this process (behaviour 1.6), making it (mode 0700) where it is missing. Throws
 * DataDirectoryInUse. A holder that was killed is told by its pid being gone, or being another process's by now.
 *
 * Locks are numbered files, never replaced: a lock that has lost its process is outbid by the next number, which one
 * contender alone can create, and the highest number holds. Removing a dead lock instead could remove the lock of
 * whoever was quicker at the same. The highest file therefore stays behind, also after a release.
 */
export async function takeDataDirectory(path: string): Promise<DataDirectory> {
  await makeFolder(path);
  const started = await startOf(process.pid);
  for (;;) {
    const highest = Math.max(0, ...(await lockNumbers(path)));
    const pid = highest === 0 ? null : await liveHolder(lockFile(path, highest));
    if (pid !== null) throw new DataDirectoryInUse(path, pid);
    const mine = highest + 1;
    if (await create(path, mine, { pid: process.pid, started })) {
      const others = (await lockNumbers(path)).filter((number) => number !== mine);
      if (others.every((number) => number < mine)) {
        await Promise.all(others.map((number) => rm(lockFile(path, number), { force: true })));
        return { path, release: () => release(path, mine) };
      }
      // The numbers moved on while this one was being created: it was below the holder's from the start.
      await rm(lockFile(path, mine), { force: true });
    }
  }
}

const lockFile = (path: string, number: number): string => join(path, `lock.${number}`);

async function lockNumbers(path: string): Promise<number[]> {
  return (await readdir(path)).flatMap((name) => Number(LOCK.exec(name)?.[1] ?? []));
}

/** Whole at once or not at all: a reader never sees a lock without its contents. False when the number is taken. */
async function create(path: string, number: number, holder: Holder): Promise<boolean> {
  const draft = join(path, `.lock-${randomUUID()}`);
  await writeFile(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    await link(draft, lockFile(path, number));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function release(path: string, number: number): Promise<void> {
  const draft = join(path, `.lock-${randomUUID()}`);
  await writeFile(draft, JSON.stringify({ pid: process.pid, started: null } satisfies Holder), {
    mode: 0o600,
  });
  await rename(draft, lockFile(path, number));
}

/** The pid of the process that holds this lock, or null when nobody does any more. */
async function liveHolder(file: string): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const holder = JSON.parse(text) as Holder;
  return holder.started !== null && (await startOf(holder.pid)) === holder.started ? holder.pid : null;
}

/** What tells a process from a later one with the same pid; null when there is none. */
async function startOf(pid: number): Promise<string | null> {
  return process.platform === 'linux' ? startOnLinux(pid) : startElsewhere(pid);
}

/** Ticks since the machine was started, and which start of the machine that was. */
async function startOnLinux(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // The second field is the command's name, which may hold anything, spaces and brackets too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  if (state === 'Z' || state === 'X') return null;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()}/${fields[19]}`;
}

async function startElsewhere(pid: number): Promise<string | null> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim() || null;
}
