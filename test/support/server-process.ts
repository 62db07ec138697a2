import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { clientOf } from './app.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** As `npm test` sets it, for what it starts. */
const { NODE_COMPILE_CACHE } = process.env;
const compileCache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/**
 * The product as it runs: `node src/main.ts` in a process of its own, with nothing in its environment but this. `program`:
 * another one that starts it and says that it is ready, and what that is told.
 */
export function spawnServer(env: Record<string, string>, program: readonly string[] = [main]) {
  const child: ChildProcess = spawn(process.execPath, program, {
    cwd: root,
    stdio: 'pipe',
    env: { PATH: process.env.PATH, ...compileCache, PORT: '0', LOG_LEVEL: 'warn', ...env },
  });
  let output = '';
  let looked = () => {};
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      looked();
    });
  const exited = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));
  let over = false;
  void exited.then(() => {
    over = true;
    looked();
  });
  return {
    pid: child.pid!,
    output: () => output,
    exited,
    async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL') {
      child.kill(signal);
      return exited;
    },
    /** A client of it, once it says that it is ready. Rejects where it ends before. */
    async ready() {
      const found = () => /Holdpoint is ready at (http\S+)\/graphql/.exec(output)?.[1];
      while (found() === undefined) {
        if (over) throw new Error(`the server ended:\n${output}`);
        await new Promise<void>((resolve) => (looked = resolve));
      }
      return clientOf(found()!);
    },
    /** The admin key that it printed, or null. */
    madeKey: () => /Admin key, shown this once: (\S+)/.exec(output)?.[1] ?? null,
  };
}

export type ServerProcess = ReturnType<typeof spawnServer>;
