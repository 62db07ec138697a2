// The inside of a thread of threads.ts: reads its modules, then does one job after another.
import { parentPort, workerData } from 'node:worker_threads';
import type { Analyzer, Subject } from './analyzer.ts';
import { type Asked, toSubject } from './subject.ts';

export interface Job {
  name: string;
  /** The subject without its texts, as JSON: quicker to hand over than many small objects. */
  asked: string;
}
export type Reply =
  | { kind: 'ready' }
  | { kind: 'findings'; findings: unknown }
  | { kind: 'fault'; fault: string };

const port = parentPort!;
const reply = (message: Reply): void => port.postMessage(message);

const analyzers = new Map<string, Analyzer>();
for (const url of workerData as string[]) {
  const module = (await import(url)) as { analyzers: readonly Analyzer[] };
  for (const analyzer of module.analyzers) analyzers.set(analyzer.name, analyzer);
}

/** The analyzers of one subject follow one another: it is taken apart once. */
let last: { asked: string; subject: Subject } | null = null;

async function run({ name, asked }: Job): Promise<void> {
  try {
    if (last?.asked !== asked) last = { asked, subject: toSubject(JSON.parse(asked) as Asked) };
    const analyzer = analyzers.get(name);
    if (analyzer === undefined) throw new Error(`there is no analyzer ${name}`);
    // Whoever started this ends the thread when it is late: there is no signal that could reach it.
    const findings = await analyzer.analyze(last.subject, new AbortController().signal);
    reply({ kind: 'findings', findings });
  } catch (error) {
    reply({
      kind: 'fault',
      fault: error instanceof Error ? error.message : 'it threw something that is no error',
    });
  }
}

port.on('message', (job: Job) => void run(job));
reply({ kind: 'ready' });
