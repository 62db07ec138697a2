import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import { DomainError } from '../kernel/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Json } from '../kernel/json.ts';
import { Lane } from '../kernel/lane.ts';
import { type Aggregate, type Change, type Decision, pendingDelta } from './aggregate.ts';
import type { AgentTouches } from './agents.ts';
import { type Idempotency, recall } from './idempotency.ts';
import { find, load } from './load.ts';
import { type Prepared, write } from './write.ts';

// The one way a session, its interventions and its tasks change: a command is decided on what was read, and written
// where the session still stands at the version that was read; else it is read and decided again. No BEGIN: two round
// trips, and both carry every command that is waiting.

/** One command. It names the session itself, or one of its interventions or tasks; a new session names none. */
export interface Command<Reply extends Json = Json> {
  sessionId?: string;
  interventionId?: string;
  taskId?: string;
  /** Also read this agent's undelivered answers ("*": everybody's). */
  undeliveredTo?: string;
  idempotency?: Idempotency | null;
  /**
   * Pure: the same aggregate and instant give the same decision. Called again, with what stands then, whenever somebody
   * else was faster. `aggregate` is null where nothing has the id named.
   */
  decide(aggregate: Aggregate | null, now: Date): Decision<Reply>;
}

/** `change` is what was written; null where the answer of an earlier, equal request was given again. */
export type ChangeSession = <Reply extends Json>(
  command: Command<Reply>,
) => Promise<{ reply: Reply; change: Change | null }>;

export interface ChangeDeps {
  database: { kind: 'embedded' | 'postgres'; prisma: PrismaClient };
  clock: Clock;
  ids: Ids;
  touches: AgentTouches;
  /** Writes the jobs of changes in the same transaction; called only where a change drives a runner. */
  enqueueDrives: (tx: RawClient, sessionIds: string[]) => Promise<void>;
  /** Called after each commit, once for the batch. Must not throw. */
  announce: (changes: Change[]) => void;
}

export type RawClient = Pick<PrismaClient, '$queryRawUnsafe' | '$executeRawUnsafe'>;

/** How often a command is decided anew because others were faster. Each time, somebody else got through. */
const ATTEMPTS = 100;
/** Commands in one statement. */
const BATCH = 250;

type Result = PromiseSettledResult<{ reply: Json; change: Change | null }>;

export function createChangeSession(deps: ChangeDeps): ChangeSession {
  const lane = new Lane<Command, { reply: Json; change: Change | null }>((commands) => settleAll(deps, commands), {
    // Two batches side by side use the time that the other one waits for the disk. The embedded database has one
    // session, and would only queue them.
    width: deps.database.kind === 'embedded' ? 1 : 2,
    longest: BATCH,
  });
  return async (command) => (await lane.submit(command as unknown as Command)) as never;
}

/** Settles every command of a batch: written, refused, or sent round again until it is one of the two. */
async function settleAll(deps: ChangeDeps, commands: Command[]): Promise<Result[]> {
  const results = new Map<Command, Result>();
  let open = commands;
  for (let attempt = 0; open.length > 0; attempt += 1) {
    if (attempt === ATTEMPTS + commands.length) throw new Error(`a change lost ${attempt} races in a row`);
    open = await round(deps, open, results);
  }
  return commands.map((command) => results.get(command)!);
}

/** One read, the decisions, one write. Returns the commands that have to go again. */
async function round(deps: ChangeDeps, commands: Command[], results: Map<Command, Result>): Promise<Command[]> {
  const { prisma } = deps.database;
  const [loaded, remembered] = await Promise.all([load(prisma, commands), recall(prisma, deps.clock, commands)]);
  const again: Command[] = [];
  const prepared: Prepared[] = [];
  const taken = new Set<string>();
  const queues = new Map<string, number>();
  for (const command of commands) {
    const known = remembered.get(command);
    if (known !== undefined) {
      results.set(command, known.status === 'rejected' ? known : { ...known, value: { reply: known.value, change: null } });
      continue;
    }
    const found = find(loaded, command);
    // One change a session and batch: the next command must see what this one makes of it.
    if (found !== null && taken.has(found.session.id)) {
      again.push(command);
      continue;
    }
    const aggregate = found && { ...found, queuePending: queues.get(found.session.teamId) ?? found.queuePending };
    const decision = decided(command, aggregate, deps.clock.now(), results);
    if (decision?.change === undefined) {
      if (decision !== null) results.set(command, settled(decision));
      continue;
    }
    const { change } = decision;
    const delta = aggregate ? pendingDelta(aggregate, change) : 0;
    if (aggregate) queues.set(change.session.teamId, aggregate.queuePending + delta);
    taken.add(change.session.id);
    prepared.push({ command, aggregate, change, delta, result: settled(decision) });
  }
  const lost = await write(deps, prepared);
  for (const item of prepared) {
    if (lost.has(item)) again.push(item.command);
    else results.set(item.command, item.result);
  }
  return again;
}

function decided(
  command: Command,
  aggregate: Aggregate | null,
  now: Date,
  results: Map<Command, Result>,
): Decision<Json> | null {
  try {
    return command.decide(aggregate, now);
  } catch (reason) {
    results.set(command, { status: 'rejected', reason });
    return null;
  }
}

const settled = (decision: Decision<Json>): Result =>
  'refusal' in decision
    ? { status: 'rejected', reason: new DomainError(decision.refusal) }
    : { status: 'fulfilled', value: { reply: decision.reply, change: decision.change ?? null } };
