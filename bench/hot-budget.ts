import { createLedger } from '../src/budgets/ledger.ts';
import { MOST_TOKENS, newBudget, withLimits } from '../src/budgets/limits.ts';
import { insertBudgets } from '../src/budgets/open-budgets.ts';
import { reserveBudget } from '../src/budgets/reserve.ts';
import { limitTypes } from '../src/budgets/rules.ts';
import { type Database, openDatabase } from '../src/database/open.ts';
import { createSealer } from '../src/events/sealer.ts';
import type { Viewer } from '../src/identity/viewer.ts';
import { systemClock as clock } from '../src/kernel/clock.ts';
import { createIds } from '../src/kernel/ids.ts';
import { createLog } from '../src/kernel/log.ts';
import { percentiles, type Row } from './figures.ts';
import { type DatabaseKind, makeDatabase } from './server.ts';

const SECONDS = 5;
const log = createLog('warn');
const ids = createIds(clock);

/**
 * `reserveBudget`, the verb, by callers that wait for each answer, on one project and spread over several, in a process
 * that seals the log meanwhile, as the product does.
 */
export async function measureHotBudget(kind: DatabaseKind): Promise<Row[]> {
  const made = kind === 'postgres' ? await makeDatabase() : null;
  if (kind === 'postgres' && made === null) throw new Error('no PostgreSQL answers');
  const database = await openDatabase({ url: made?.url ?? null, dataDirectory: 'memory://', clock, log });
  try {
    const rows: Row[] = [];
    for (const [projects, callers] of [
      [1, 1],
      [1, 256],
      [16, 256],
    ] as const)
      rows.push(await measure(database, projects, callers));
    return rows;
  } finally {
    await database.close();
    await made?.drop();
  }
}

async function measure(database: Database, projects: number, callers: number): Promise<Row> {
  const viewers = await seed(database, projects);
  while (!database.leadership.isLeader()) await pause();
  const sealer = createSealer({ database, log, sealed: () => {} });
  sealer.start();
  const ledger = createLedger({
    database,
    clock,
    ids,
    changes: { announce: () => {} },
    committed: () => sealer.wake(),
    stops: { look: () => Promise.resolve() },
  });
  const times: number[] = [];
  const began = performance.now();
  const end = began + SECONDS * 1000;
  const call = async (viewer: Viewer) => {
    while (performance.now() < end) {
      const asked = performance.now();
      await reserveBudget(ledger, viewer, { projectId: viewer.projectId!, tokens: 100, cost: '0.0125' });
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, at) => call(viewers[at % projects]!)));
  const seconds = (performance.now() - began) / 1000;
  const sealing = performance.now();
  while ((await database.prisma.unsealedEvent.count()) > 0) await pause();
  const behind = Math.round(performance.now() - sealing);
  await sealer.stop();
  const at = percentiles(times);
  const perSecond = times.length / seconds;
  const target = callers === 256 && database.kind === 'postgres' ? 50_000 : null;
  return {
    line: `hot budget: reservations, ${callers} callers, ${projects} project${projects === 1 ? '' : 's'} (log sealed ${behind} ms behind)`,
    database: database.kind,
    figure: `${Math.round(perSecond).toLocaleString('en')}/s`,
    target: target === null ? '–' : '≥ 50,000/s',
    ratio: target === null ? null : perSecond / target,
    p50: at(50),
    p99: at(99),
  };
}

/** Projects with as much money as there is, and an agent in each. */
async function seed({ prisma }: Database, projects: number): Promise<Viewer[]> {
  const createdAt = clock.now();
  const made = Array.from({ length: projects }, () => ids.next('project'));
  await prisma.project.createMany({ data: made.map((id) => ({ id, name: 'bench', createdAt })) });
  const limits = new Map(limitTypes.map((limitType) => [limitType, BigInt(MOST_TOKENS)]));
  await prisma.$transaction((tx) =>
    insertBudgets(
      tx,
      made.map((id) => withLimits(newBudget(id, 'UTC', createdAt), limits)),
    ),
  );
  return made.map((projectId) => {
    const credentialId = ids.next('key');
    const actor = { kind: 'AGENT', id: credentialId, name: 'bench', role: 'AGENT' } as const;
    return { actor, role: 'AGENT', projectId, credentialId, expiresAt: null };
  });
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
