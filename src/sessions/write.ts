import { unsealed } from '../events/append.ts';
import { isDataFault } from '../database/faults.ts';
import { type Query, queryWithin } from '../database/query.ts';
import { retrying } from '../database/transact.ts';
import type { Json } from '../kernel/json.ts';
import type { Aggregate, Change } from './aggregate.ts';
import type { ChangeDeps, Command } from './change.ts';
import { interventionMoves } from './columns.ts';
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

/**
 * How each fared: "won" is written; "lost" found that its session or queue has moved on meanwhile; an error is its own
 * alone, and nothing of it was written, unless the database went away: then nobody knows.
 */
export type Written = Map<Prepared, 'won' | 'lost' | { error: unknown }>;

/** Writes what was decided, and announces what was written. */
export async function write(deps: ChangeDeps, prepared: Prepared[]): Promise<Written> {
  const written: Written = new Map();
  // What drives a runner also writes a job, which takes a transaction; what does not must not wait for that.
  const plain = prepared.filter(({ change }) => !change.drive);
  const driving = prepared.filter(({ change }) => change.drive);
  for (const batch of [plain, driving]) {
    if (batch.length === 0) continue;
    await writeBatch(deps, batch, written);
    const won = batch.filter((item) => written.get(item) === 'won');
    if (won.length > 0) deps.announce(won.map(({ change }) => change));
  }
  return written;
}

async function writeBatch(deps: ChangeDeps, batch: Prepared[], written: Written): Promise<void> {
  try {
    const won = await retrying('change sessions', () => writeOnce(deps, batch));
    for (const item of batch) written.set(item, won.has(item.change.session.id) ? 'won' : 'lost');
  } catch (error) {
    // One change took the whole statement down, and nothing was written: an idempotency key that another process wrote
    // at this very instant, or a value that the database will not have. One by one, it stands for itself alone.
    if (batch.length > 1 && isDataFault(error)) {
      for (const item of batch) await writeBatch(deps, [item], written);
      return;
    }
    // The other process's key: this command goes again, and finds the first answer.
    for (const item of batch) written.set(item, isUniqueViolation(error) ? 'lost' : { error });
  }
}

/** The ids of the sessions whose change was written. */
function writeOnce(deps: ChangeDeps, batch: Prepared[]): Promise<Set<string>> {
  const { prisma, query } = deps.database;
  if (!batch[0]!.change.drive) return writeRows(deps, query, batch);
  return prisma.$transaction(async (tx) => {
    const won = await writeRows(deps, queryWithin(tx), batch);
    if (won.size > 0) await deps.enqueueDrives(tx, [...won]);
    return won;
  });
}

async function writeRows(deps: ChangeDeps, query: Query, batch: Prepared[]): Promise<Set<string>> {
  const list = <T>(pick: (change: Change) => T[] | undefined): T[] =>
    batch.flatMap(({ change }) => pick(change) ?? []);
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
  const text = writeStatement({
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
    updated: updated.map(moves),
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
  const rows = await query<{ id: string }>({
    text,
    values: [parameter, batch.map(({ change }) => change.session.id), updated.map(({ id }) => id)],
  });
  deps.touches.written(agents);
  return new Set(rows.map(({ id }) => id));
}

/** An intervention without what was fixed when it was asked: its context alone may have 256 kB. */
const moves = (intervention: NonNullable<Change['updated']>[number]) =>
  Object.fromEntries(
    (['id', 'sessionId', ...interventionMoves] as const).map((field) => [field, intervention[field]]),
  );

function isUniqueViolation(error: unknown): boolean {
  const { code, meta } = error as {
    code?: string;
    meta?: { driverAdapterError?: { cause?: { originalCode?: string } } };
  };
  return (
    code === 'P2002' ||
    code === '23505' ||
    (code === 'P2010' && meta?.driverAdapterError?.cause?.originalCode === '23505')
  );
}
