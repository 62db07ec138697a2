import { measureCycle, cycleRow } from './decision-cycle.ts';
import { makeDatabase, startServer } from './server.ts';
import { printRow } from './figures.ts';
const kind = process.argv[2]!; const n = Number(process.argv[3] ?? 1);
const db = kind === 'postgres' ? await makeDatabase() : null;
const servers = []; for (let i = 0; i < n; i++) servers.push(await startServer(db ? { DATABASE_URL: db.url } : { DATA_DIR: 'memory://' }));
for (const callers of (process.argv[4] ?? '1,32,256').split(',').map(Number)) { const f = await measureCycle(servers, callers, 4); printRow(cycleRow(kind, n, callers, f)); console.log('resume', f.resumeP50.toFixed(2), f.resumeP99.toFixed(2)); }
for (const s of servers) await s.stop(); await db?.drop();
