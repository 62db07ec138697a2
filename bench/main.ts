/*
 * `npm run bench [-- name …]`: every figure that the README's table shows, of the product as it ships, in processes of
 * its own, on the embedded database and on PostgreSQL where one answers (TEST_DATABASE_URL, or the local one). Names:
 * cycle, ask, approval, replicas, fan-out, inbox, list, privacy, deadlines, budget, stop, start. The load comes from this machine too: quote ratios of one
 * run, and to the bare statements that each run begins with.
 */
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { measureAsk } from './ask.ts';
import { measureApprovalCycle } from './approval-cycle.ts';
import { cycleRow, measureCycle, resumeRow } from './decision-cycle.ts';
import { measureBareSql } from './bare-sql.ts';
import { measureDeadlines } from './deadlines.ts';
import { measureStop } from './emergency-stop.ts';
import { measureFanOut } from './fan-out.ts';
import { measureHotBudget } from './hot-budget.ts';
import { header, printRow, type Row } from './figures.ts';
import { buildWorkstation, measureInbox } from './inbox.ts';
import { measureList } from './list.ts';
import { type BenchServer, makeDatabase, startServer } from './server.ts';
import { measurePrivacy } from './privacy.ts';
import { measureStart } from './start.ts';

const SECONDS = 5;
const asked = process.argv.slice(2);
const wanted = (name: string): boolean => asked.length === 0 || asked.includes(name);

console.log(`${cpus().length} processors (${cpus()[0]?.model.trim()}), Node ${process.version}\n`);
console.log(header);
await measureBareSql(SECONDS).then(print);

for (const database of ['embedded', 'postgres'] as const) {
  if (wanted('cycle')) {
    await onFresh(database, 1, async ([server]) => {
      for (const callers of [1, 32, 256]) {
        const figures = await measureCycle([server!], callers, SECONDS);
        printRow(cycleRow(database, 1, callers, figures));
        if (callers === 1) printRow(resumeRow('answer → agent resumed', database, 1, figures));
      }
    });
  }
  if (wanted('ask'))
    await onFresh(database, 1, async ([server]) => printRow(await measureAsk(server!, database)));
  if (wanted('approval'))
    await onFresh(database, 1, async ([server]) => {
      for (const callers of [1, 32])
        printRow(await measureApprovalCycle(server!, database, callers, SECONDS));
    });
  if (wanted('fan-out'))
    await onFresh(database, 1, async ([server]) => print(await measureFanOut(server!, database)));
  if (wanted('inbox')) {
    buildWorkstation();
    await onFresh(database, 1, async ([server]) => print(await measureInbox(server!, database)));
  }
  if (wanted('privacy')) await measurePrivacy(database).then(print);
  if (wanted('deadlines')) await measureDeadlines(database).then(print);
  if (wanted('budget')) await measureHotBudget(database).then(print);
  if (wanted('stop')) await measureStop(database, 1).then(print);
}
if (wanted('replicas')) {
  await onFresh('postgres', 2, async (servers) => {
    printRow(cycleRow('postgres', 2, 32, await measureCycle(servers, 32, SECONDS)));
    const figures = await measureCycle(servers, 1, SECONDS, { elsewhere: true });
    printRow(resumeRow('answer → agent resumed, at another replica', 'postgres', 5, figures));
  });
}
if (wanted('stop')) await measureStop('postgres', 2).then(print);
if (wanted('list'))
  await onFresh('postgres', 1, async ([server], url) => print(await measureList(server!, url!)));
if (wanted('start')) printRow(await measureStart());

function print(rows: Row[]): void {
  for (const row of rows) printRow(row);
}

/** Servers on a database of their own; nothing where PostgreSQL is asked for and none answers. */
async function onFresh(
  kind: 'embedded' | 'postgres',
  processes: number,
  work: (servers: BenchServer[], url: string | null) => Promise<void>,
): Promise<void> {
  const database = kind === 'postgres' ? await makeDatabase() : null;
  if (kind === 'postgres' && database === null)
    return console.log('| (no PostgreSQL answers) | postgres | | | | |');
  const servers: BenchServer[] = [];
  try {
    const env: Record<string, string> = database
      ? { DATABASE_URL: database.url, ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}` }
      : { DATA_DIR: 'memory://' };
    for (let i = 0; i < processes; i++) servers.push(await startServer(env));
    await work(servers, database?.url ?? null);
  } finally {
    for (const server of servers) await server.stop();
    await database?.drop();
  }
}
