import { once } from 'node:events';
import { createServer } from 'node:net';
import { ConfigError } from '../config.ts';

/**
 * Listens for a moment, so that a start that could not listen in the end refuses before it has changed anything. Throws
 * ConfigError. Whoever takes the port after it still makes the start fail, later.
 */
export async function assertCanListen({ host, port }: { host: string; port: number }): Promise<void> {
  const probe = createServer().listen(port, host);
  try {
    await once(probe, 'listening');
  } catch (error) {
    throw listenFault(error as NodeJS.ErrnoException, { host, port });
  }
  probe.close();
  await once(probe, 'close');
}

function listenFault(
  { code = 'refused' }: NodeJS.ErrnoException,
  { host, port }: { host: string; port: number },
): ConfigError {
  const faults: Record<string, { variable: string; message: string }> = {
    EADDRINUSE: { variable: 'PORT', message: `${port} on ${host} is taken by another process` },
    EACCES: { variable: 'PORT', message: `${port} may not be listened on by this user` },
    EADDRNOTAVAIL: { variable: 'HOST', message: `${host} is not an address of this machine` },
    ENOTFOUND: { variable: 'HOST', message: `${host} is not an address of this machine, nor a name of one` },
  };
  return new ConfigError([
    faults[code] ?? { variable: 'PORT', message: `${port} on ${host} can't be listened on (${code})` },
  ]);
}
