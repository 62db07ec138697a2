import { unsealed } from '../events/append.ts';
import { retrying } from '../database/transact.ts';
import type { Json } from '../kernel/json.ts';
import type { Aggregate, Change } from './aggregate.ts';
import type { ChangeDeps, Command, RawClient } from './change.ts';
import { toRow } from '../idempotency/idempotency.ts';
import { writeStatement } from './statement.ts';

export interface Prepared {
  command: Command;
  aggregate: Aggregate | null;
  change: Change;
  /** Pending interventions more (or fewer) than before. */
  delta: number;
  result: PromiseSettledResult<{ reply: Json; change: Change | null }>;
}

/** Writes what was decided, then announces it. Returns those that lost: their session or queue has moved on meanwhile. */
export async function write(deps: ChangeDeps, prepared: Prepared[]): Promise<Set<Prepared>> {
  const lost = new Set<Prepared>();
  // What drives a runner also writes a job, which takes a transaction; what does not must not wait for that.
  const driving = prepared.filter(({ change }) => change.drive);
  const plain = prepared.filter(({ change }) => !change.drive);
  const won: Prepared[] = [];
  for (const batch of [plain, driving]) {
    if (batch.length === 0) continue;
    const ids = await writeBatch(deps, batch);
    for (const item of batch) {
      if (ids.has(item.change.session.id)) won.push(item);
      else lost.add(item);
    }
  }
  if (won.length > 0) deps.announce(won.map(({ change }) => change));
  return lost;
}

/** The ids of the sessions whose change was written. */
async function writeBatch(deps: ChangeDeps, batch: Prepared[]): Promise<Set<string>> {
  const { prisma } = deps.database;
  try {
    return await retrying('change sessions', () =>
      batch[0]!.change.drive
        ? prisma.$transaction(async (tx) => {
            const won = await writeRows(deps, tx, batch);
            await deps.enqueueDrives(tx, [...won]);
            return won;
          })
        : writeRows(deps, prisma, batch),
    );
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    // An idempotency key was written by another process at this very instant, and took the whole statement down. One
    // by one, only its own command goes again, and finds the first answer.
    if (batch.length === 1) return new Set();
    const won = new Set<string>();
    for (const item of batch) for (const id of await writeBatch(deps, [item])) won.add(id);
    return won;
  }
}

async function writeRows(deps: ChangeDeps, tx: RawClient, batch: Prepared[]): Promise<Set<string>> {
  const list = <T>(pick: (change: Change) => T[] | undefined): T[] => batch.flatMap(({ change }) => pick(change) ?? []);
  const asked = list((change) => change.asked);
  const updated = list((change) => change.updated);
  const turns = list((change) => change.turns);
  const tasks = list((change) => change.tasks);
  const agents = deps.touches.rows(batch.map(({ change }) => change));
  const keys = batch.flatMap(({ command, change, result }) =>
    command.idempotency && result.status === 'fulfilled'
      ? [{ ...toRow(deps.clock, command.idempotency, result.value.reply), sessionId: change.session.id }]
      : [],
  );
  const statement = writeStatement({
    created: batch.some(({ aggregate }) => aggregate === null),
    moved: batch.some(({ aggregate }) => aggregate !== null),
    queued: batch.some(({ delta }) => delta !== 0),
    asked: asked.length > 0,
    updated: updated.length > 0,
    turns: turns.length > 0,
    tasks: tasks.length > 0,
    agents: agents.length > 0,
    keys: keys.length > 0,
  });
  const parameter = JSON.stringify({
    sessions: batch.map(({ aggregate, change, delta }) => ({
      ...change.session,
      context: aggregate === null || change.contextChanged ? change.session.context : null,
      created: aggregate === null,
      expected: aggregate?.session.version ?? null,
      queueDelta: delta,
      queueBound: change.queueBound ?? null,
    })),
    asked,
    updated,
    turns,
    tasks,
    agents,
    keys,
    events: batch
      .flatMap(({ change }) => {
        const rows = change.events.map((event) => unsealed(deps.ids, event));
        change.eventIds = rows.map(({ id }) => id);
        return rows;
      })
      .map((row, ordinal) => ({ ...row, ordinal })),
  });
  const rows = await tx.$queryRawUnsafe<{ id: string }[]>(
    statement,
    parameter,
    batch.map(({ change }) => change.session.id),
    updated.map(({ id }) => id),
  );
  deps.touches.written(agents);
  return new Set(rows.map(({ id }) => id));
}

function isUniqueViolation(error: unknown): boolean {
  const { code, meta } = error as { code?: string; meta?: { driverAdapterError?: { cause?: { originalCode?: string } } } };
  return code === 'P2002' || code === '23505' || (code === 'P2010' && meta?.driverAdapterError?.cause?.originalCode === '23505');
}

