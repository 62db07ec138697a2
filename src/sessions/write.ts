import { moveMoney } from '../budgets/move-money.ts';
import { unsealed } from '../events/append.ts';
import { isDataFault, isUnavailable } from '../database/faults.ts';
import { type Query, queryWithin } from '../database/query.ts';
import { LIMITS, type RawTx, retrying } from '../database/transact.ts';
import type { Json } from '../kernel/json.ts';
import type { Kept } from '../secrets/vault.ts';
import { countUses, StandingSpent } from '../standing/use.ts';
import type { Aggregate, Change } from './aggregate.ts';
import type { ChangeDeps, Command } from './change.ts';
import { interventionMoves } from './columns.ts';
import { toRow } from '../idempotency/idempotency.ts';
import { systemActor } from '../identity/viewer.ts';
import { writeStatement } from './statement.ts';

export interface Prepared {
  command: Command;
  aggregate: Aggregate | null;
  change: Change;
  /** Pending interventions more (or fewer) than before. */
  delta: number;
  /** What was taken out of the change and is kept encrypted. */
  kept: Kept[];
  result: PromiseSettledResult<{ reply: Json; change: Change | null }>;
}

/**
 * How each fared: "won" is written; "lost" found that its session, queue or budget has moved on meanwhile; "stopped" would
 * have begun something in a project that an emergency stop holds; an error is its own
 * alone, and nothing of it was written, unless the database went away: then nobody knows.
 */
export type Written = Map<Prepared, 'won' | 'lost' | 'stopped' | { error: unknown }>;

/** Writes what was decided, and announces what was written. */
export async function write(deps: ChangeDeps, prepared: Prepared[]): Promise<Written> {
  const written: Written = new Map();
  const keeping = prepared.filter((item) => item.kept.length > 0);
  if (keeping.length > 0) await keepAhead(deps, keeping, written);
  // What drives a runner also writes a job, and what moves money moves the budget's row: both take a transaction, and
  // what does neither must not wait for that.
  const standing = prepared.filter((item) => !written.has(item));
  const plain = standing.filter(({ change }) => !takesTransaction(change));
  const further = standing.filter(({ change }) => takesTransaction(change));
  for (const batch of [plain, further]) {
    if (batch.length === 0) continue;
    await writeBatch(deps, batch, written);
    const won = batch.filter((item) => written.get(item) === 'won');
    if (won.length > 0) deps.announce(won.map(({ change }) => change));
  }
  // Of an error nobody may know whether the change stands after all. What stays behind here refers to nothing, either.
  const lost = keeping.filter((item) => written.get(item) === 'lost' || written.get(item) === 'stopped');
  if (lost.length > 0) await deps.vault.drop(deps.database.prisma, idsOf(lost)).catch(() => {});
  return written;
}

const idsOf = (items: readonly Prepared[]): string[] => items.flatMap(({ kept }) => kept.map(({ id }) => id));

/**
 * What is sensitive is kept before the change that refers to it: where this process ends in between, nothing refers to it.
 * What cannot be kept (a key that is missing) fails the changes that need it, and no others.
 */
async function keepAhead(deps: ChangeDeps, keeping: Prepared[], written: Written): Promise<void> {
  try {
    await deps.vault.keepAhead(keeping.flatMap(({ kept }) => kept));
  } catch (error) {
    if (keeping.length === 1 || isUnavailable(error))
      for (const item of keeping) written.set(item, { error });
    else for (const item of keeping) await keepAhead(deps, [item], written);
  }
}

async function writeBatch(deps: ChangeDeps, batch: Prepared[], written: Written): Promise<void> {
  try {
    const fared = await retrying('change sessions', () => writeOnce(deps, batch));
    for (const item of batch) written.set(item, fared.get(item.change.session.id) ?? 'lost');
  } catch (error) {
    // Money that one of them wanted is not there any more, and nothing was written: alone, only that one goes again.
    if (error instanceof MoneyMoved) {
      if (batch.length === 1) written.set(batch[0]!, 'lost');
      else for (const item of batch) await writeBatch(deps, [item], written);
      return;
    }
    // The same of a standing approval: whoever asked by it looks for another one, or asks a person.
    if (error instanceof StandingSpent && batch.length > 1) {
      for (const item of batch) await writeBatch(deps, [item], written);
      return;
    }
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

/** Rows updated by one statement, from which on their ids are no help to the planner. */
const MANY = 100;

type Fared = Map<string, 'won' | 'stopped'>;

const takesTransaction = ({ drive, money = [], standing = [] }: Change): boolean =>
  drive === true || money.length > 0 || standing.length > 0;

/** A hold that was decided on does not fit the budget as it stands: everything of the transaction is taken back. */
class MoneyMoved extends Error {
  override name = 'MoneyMoved';
}

/** How the change of each session fared, by the session's id; those that lost are not in it. */
function writeOnce(deps: ChangeDeps, batch: Prepared[]): Promise<Fared> {
  const { prisma, query } = deps.database;
  if (!takesTransaction(batch[0]!.change)) return writeRows(deps, query, batch);
  return prisma.$transaction(async (tx) => {
    const fared = await writeRows(deps, queryWithin(tx), batch);
    const won = batch.filter(({ change }) => fared.get(change.session.id) === 'won');
    await countUses(
      tx,
      won.flatMap(({ change }) => change.standing ?? []),
      deps.clock.now(),
    );
    // Last of all locks, and held for one statement: everybody in the project wants this row.
    if (won.some(({ change }) => (change.money ?? []).length > 0)) await move(deps, tx, won);
    const driven = won.filter(({ change }) => change.drive).map(({ change }) => change.session.id);
    if (driven.length > 0) await deps.enqueueDrives(tx, driven);
    return fared;
  }, LIMITS);
}

async function move({ ids, clock }: ChangeDeps, tx: RawTx, won: readonly Prepared[]): Promise<void> {
  const moves = won.flatMap(({ change: { money = [], session, events } }) => {
    // A change is its first event's actor's.
    const by = { actor: events[0]?.actor ?? systemActor, teamId: session.teamId, sessionId: session.id };
    return money.map((each) => ({ ...each, ...by }));
  });
  const written = await moveMoney(tx, ids, moves, clock.now());
  if (written === null) throw new MoneyMoved();
  for (const { change } of won) {
    const mine = written.events.filter(({ sessionId }) => sessionId === change.session.id);
    change.eventIds = [...(change.eventIds ?? []), ...mine.map(({ id }) => id)];
    change.signalled = (change.money ?? []).some(({ projectId }) => written.signalled.includes(projectId));
  }
}

async function writeRows(deps: ChangeDeps, query: Query, batch: Prepared[]): Promise<Fared> {
  const list = <T>(pick: (change: Change) => T[] | undefined): T[] =>
    batch.flatMap(({ change }) => pick(change) ?? []);
  const asked = list((change) => change.asked);
  const updated = list((change) => change.updated);
  const turns = list((change) => change.turns);
  const tasks = list((change) => change.tasks);
  const approvalsAsked = list((change) => change.approvalsAsked);
  const approvalsUpdated = list((change) => change.approvalsUpdated);
  const votes = ofSession(batch, (change) => change.votes);
  const signals = ofSession(batch, ({ signals: given, session }) =>
    given?.map((signal) => ({ ...signal, projectId: session.projectId, createdAt: deps.clock.now() })),
  );
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
    starts: batch.some(({ aggregate, change }) => aggregate === null || change.starts),
    approvalsAsked: approvalsAsked.length > 0,
    approvalsUpdated: approvalsUpdated.length > 0,
    votes: votes.length > 0,
    signals: signals.length > 0,
    many: Math.max(updated.length, approvalsUpdated.length) > MANY,
  });
  const parameter = JSON.stringify({
    sessions: batch.map(({ aggregate, change, delta }) => ({
      ...change.session,
      context: aggregate === null || change.contextChanged ? change.session.context : null,
      created: aggregate === null,
      expected: aggregate?.session.version ?? null,
      queueDelta: delta,
      queueBound: change.queueBound ?? null,
      starts: aggregate === null || change.starts === true,
    })),
    asked,
    updated: updated.map(moves),
    turns,
    tasks,
    agents,
    keys,
    approvalsAsked,
    approvalsUpdated,
    votes,
    signals,
    events: batch
      .flatMap(({ change }) => {
        const rows = change.events.map((event) => unsealed(deps.ids, event));
        change.eventIds = rows.map(({ id }) => id);
        return rows;
      })
      .map((row, ordinal) => ({ ...row, ordinal })),
  });
  const rows = await query<{ id: string; won: boolean }>({
    text,
    values: [
      parameter,
      batch.map(({ change }) => change.session.id),
      updated.map(({ id }) => id),
      approvalsUpdated.map(({ id }) => id),
    ],
  });
  deps.touches.written(agents);
  return new Map(rows.map(({ id, won }) => [id, won ? 'won' : 'stopped']));
}

/** Rows that do not name their session themselves. */
const ofSession = <Row extends object>(batch: Prepared[], pick: (change: Change) => Row[] | undefined) =>
  batch.flatMap(({ change }) =>
    (pick(change) ?? []).map((row) => ({ ...row, sessionId: change.session.id })),
  );

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
