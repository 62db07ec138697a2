import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL server of a test's own, that can be taken away and brought back. */
export interface Cluster {
  url: string;
  start(): Promise<void>;
  /** At once, as a power cut would: what is connected is cut off. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

const HOME = '/usr/lib/postgresql';

/** Makes one where the server's programs are installed; else null. PostgreSQL refuses to run as root: then as nobody. */
export async function createCluster(): Promise<Cluster | null> {
  const versions = existsSync(HOME) ? (await readdir(HOME)).sort((a, b) => Number(b) - Number(a)) : [];
  const bin = versions
    .map((version) => join(HOME, version, 'bin'))
    .find((path) => existsSync(join(path, 'initdb')));
  if (bin === undefined) return null;
  const directory = await mkdtemp(join(tmpdir(), 'holdpoint-cluster-'));
  const owner = process.getuid?.() === 0 ? await nobody() : null;
  if (owner !== null) await chown(directory, owner.uid, owner.gid);
  await chmod(directory, 0o700);
  const data = join(directory, 'data');
  const port = await freePort();
  const run = (program: string, args: string[]) =>
    new Promise<void>((resolve, reject) => {
      const child = spawn(join(bin, program), args, { stdio: 'ignore', cwd: directory, ...owner });
      child.once('error', reject);
      child.once('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`)),
      );
    });
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${directory} -c fsync=off`;
  await run('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync']);
  const stop = () => run('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop']);
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start: () => run('pg_ctl', ['-D', data, '-l', join(directory, 'log'), '-o', options, '-w', 'start']),
    stop,
    async remove() {
      await stop().catch(() => {});
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function nobody(): Promise<{ uid: number; gid: number }> {
  const line = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .find((each) => each.startsWith('nobody:'))!;
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
