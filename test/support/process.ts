import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A real process of its own, running one of the programs in test/. */
export interface TestProcess {
  pid: number;
  /** All that it has written, on both streams. */
  output(): string;
  /** Resolves once it has written this; rejects when it ends without. */
  wrote(text: string): Promise<void>;
  tell(line: string): void;
  /** SIGKILL, and resolves once it is gone. */
  kill(): Promise<void>;
  exited: Promise<number | null>;
}

export function startProcess(program: URL, args: string[] = []): TestProcess {
  const child: ChildProcess = spawn(process.execPath, [program.pathname, ...args], { stdio: 'pipe' });
  let output = '';
  const check = new Set<() => void>();
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const each of check) each();
    });
  }
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return {
    pid: child.pid!,
    output: () => output,
    wrote(text) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (!output.includes(text)) return;
          check.delete(look);
          resolve();
        };
        check.add(look);
        look();
        void exited.then((code) => reject(new Error(`ended with ${code} before writing "${text}":\n${output}`)));
      });
    },
    tell: (line) => void child.stdin!.write(`${line}\n`),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    exited,
  };
}
