import { isDataFault } from '../database/faults.ts';
import type { Database } from '../database/open.ts';
import type { RawTx } from '../database/transact.ts';
import type { Stops } from '../emergency/stops.ts';
import type { Clock } from '../kernel/clock.ts';
import { DomainError } from '../kernel/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Json } from '../kernel/json.ts';
import { Lane } from '../kernel/lane.ts';
import { type Aggregate, type Change, type Decision, pendingDelta } from './aggregate.ts';
import type { AgentTouches } from './agents.ts';
import { type Idempotency, recall } from '../idempotency/idempotency.ts';
import { find, load, type Loaded } from './load.ts';
import type { Privacy } from '../privacy/privacy.ts';
import type { PrivacySettings } from '../privacy/conceal.ts';
import type { Vault } from '../secrets/vault.ts';
import { projectStopped } from './rules.ts';
import { type Prepared, write, type Written } from './write.ts';

// The one way a session, its interventions and its tasks change: a command is decided on what was read, and written
// where the session still stands at the version that was read; else it is read and decided again. No BEGIN: two round
// trips, and both carry every command that is waiting.

/**
 * One command. It names the session itself, or one of its interventions, tasks or approvals; a new session names none.
 * A task may be named beside its session.
 */
export interface Command<Reply extends Json = Json> {
  sessionId?: string;
  interventionId?: string;
  taskId?: string;
  approvalId?: string;
  /** Also read the session's open approvals, with the tasks that they are about. */
  withApprovals?: boolean;
  /** Also read the project's budget. */
  withBudget?: boolean;
  /** Also read the supervision configuration of the session's team. */
  withConfiguration?: boolean;
  /** Also read what the session's team takes from roles. */
  withAuthorization?: boolean;
  /** Also read the answers that have not reached their agents yet. */
  withUndelivered?: boolean;
  /** What the team of a new session says of sensitive data; for others it is read with them. */
  privacy?: PrivacySettings | null;
  /** What whoever commands was shown of what is sensitive in the session: it is taken out wherever the change repeats it. */
  revealed?: readonly Json[];
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
  database: Pick<Database, 'kind' | 'prisma' | 'query'>;
  clock: Clock;
  ids: Ids;
  touches: AgentTouches;
  /** Writes the jobs of changes in the same transaction; called only where a change drives a runner. */
  enqueueDrives: (tx: RawTx, sessionIds: string[]) => Promise<void>;
  /** Called after each commit, once for the batch. Must not throw. */
  announce: (changes: Change[]) => void;
  /** Looks at the signals that a change gave, before whoever made it is answered (behaviour 7.1). */
  stops: Pick<Stops, 'look'>;
  /** Takes what is sensitive out of what is written (behaviour 8.8). */
  privacy: Privacy;
  vault: Pick<Vault, 'keepAhead' | 'drop'>;
}

/** How often a command is decided anew because others were faster. Each time, somebody else got through. */
const ATTEMPTS = 100;
/** Commands in one statement. */
const BATCH = 250;

type Settled = { reply: Json; change: Change | null };

/**
 * How a command fared in one round. "lost": others were faster; "waits": another of the same batch goes first; "unseen":
 * something that it would write is to be analysed first, while nobody else waits for that.
 */
type Outcome = Settled | 'lost' | 'waits' | 'unseen';
type Fared = PromiseSettledResult<Outcome>;

export function createChangeSession(deps: ChangeDeps): ChangeSession {
  /** The projects that commands gave signals of, granted or not: a refusal too may come with a change. */
  const signalled = new WeakMap<Command, string>();
  const lane = new Lane<Command, Outcome>((commands) => round(deps, commands, signalled), {
    // Two batches side by side use the time that the other one waits for the disk. The embedded database has one
    // session, and would only queue them.
    width: deps.database.kind === 'embedded' ? 1 : 2,
    longest: BATCH,
  });
  async function settle(command: Command): Promise<Settled> {
    // What goes again goes with those that have come meanwhile: a session that everybody wants holds nobody else up.
    for (let lost = 0; lost < ATTEMPTS; ) {
      const settled = await lane.submit(command);
      if (settled === 'lost') lost += 1;
      else if (settled === 'unseen') await deps.privacy.look(command);
      else if (settled !== 'waits') return settled;
    }
    throw new Error(`a change lost ${ATTEMPTS} races in a row`);
  }
  return async <Reply extends Json>(given: Command<Reply>) => {
    const command = given as unknown as Command;
    const [outcome] = await Promise.allSettled([settle(command)]);
    const projectId = signalled.get(command);
    if (projectId !== undefined) await deps.stops.look(projectId);
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value as { reply: Reply; change: Change | null };
  };
}

/** One read, the decisions, one write. */
async function round(
  deps: ChangeDeps,
  commands: Command[],
  signalled: WeakMap<Command, string>,
): Promise<Fared[]> {
  const fared = new Map<Command, Fared>();
  try {
    const { prisma, query } = deps.database;
    const [loaded, remembered] = await Promise.all([
      load(query, commands),
      recall(prisma, deps.clock, commands),
    ]);
    const decisions = decideAll(deps, commands, { loaded, remembered }, fared);
    const prepared = await concealed(deps, decisions, fared);
    const written = await write(deps, prepared);
    for (const item of prepared) {
      fared.set(item.command, outcomeOf(item, written));
      const { session, signals = [], signalled: byBudget = false } = item.change;
      if (written.get(item) === 'won' && (signals.length > 0 || byBudget))
        signalled.set(item.command, session.projectId);
    }
  } catch (reason) {
    // One command names what the database cannot even look for. Each by itself, only that one fails.
    if (commands.length === 1 || !isDataFault(reason)) throw reason;
    for (const command of commands) {
      const [alone] = await Promise.allSettled([round(deps, [command], signalled)]);
      fared.set(command, alone.status === 'fulfilled' ? alone.value[0]! : alone);
    }
  }
  return commands.map((command) => fared.get(command)!);
}

function outcomeOf(item: Prepared, written: Written): Fared {
  const outcome = written.get(item)!;
  if (outcome === 'won') return item.result;
  if (outcome === 'stopped') return { status: 'rejected', reason: new DomainError([projectStopped]) };
  return outcome === 'lost'
    ? { status: 'fulfilled', value: 'lost' }
    : { status: 'rejected', reason: outcome.error };
}

/**
 * Those that can be written, without what is sensitive. What may hold some is looked through first: a few words here, for
 * the others wait no longer for it than for a statement; more of them aside, and the command is decided anew then.
 */
async function concealed(
  { privacy }: ChangeDeps,
  decisions: readonly Prepared[],
  fared: Map<Command, Fared>,
): Promise<Prepared[]> {
  const ready: Prepared[] = [];
  for (const item of decisions) {
    const { command, change, aggregate } = item;
    const settings = aggregate?.privacy ?? command.privacy ?? null;
    let kept = privacy.conceal(command, change, aggregate, settings);
    if (kept === null && privacy.isSoon(command)) {
      await privacy.look(command);
      kept = privacy.conceal(command, change, aggregate, settings);
    }
    if (kept === null) fared.set(command, UNSEEN);
    else ready.push(Object.assign(item, { kept }));
  }
  return ready;
}

const UNSEEN: Fared = { status: 'fulfilled', value: 'unseen' };
const WAITS: Fared = { status: 'fulfilled', value: 'waits' };

/** Decides what can be decided on what was read: into `fared` what needs no write, back what does. */
function decideAll(
  { clock }: ChangeDeps,
  commands: Command[],
  { loaded, remembered }: { loaded: Loaded; remembered: Map<Command, PromiseSettledResult<Json>> },
  fared: Map<Command, Fared>,
): Prepared[] {
  const prepared: Prepared[] = [];
  const taken = new Set<string>();
  const queues = new Map<string, number>();
  for (const command of commands) {
    const known = remembered.get(command);
    if (known !== undefined) {
      fared.set(
        command,
        known.status === 'rejected' ? known : { ...known, value: { reply: known.value, change: null } },
      );
      continue;
    }
    const found = find(loaded, command);
    // One change a session and batch: the next command must see what this one makes of it.
    if (found !== null && taken.has(found.session.id)) {
      fared.set(command, WAITS);
      continue;
    }
    const aggregate = found && {
      ...found,
      queuePending: queues.get(found.session.teamId) ?? found.queuePending,
    };
    const decision = decided(command, aggregate, clock.now());
    if ('error' in decision) {
      fared.set(command, { status: 'rejected', reason: decision.error });
      continue;
    }
    const { change } = decision;
    if (change === undefined) {
      // Refused for what others of this batch will have done, if they get through: that is looked at when they have.
      const presumed = 'refusal' in decision && aggregate?.queuePending !== found?.queuePending;
      fared.set(command, presumed ? WAITS : settled(decision));
      continue;
    }
    const delta = aggregate ? pendingDelta(aggregate, change) : 0;
    if (aggregate) queues.set(change.session.teamId, aggregate.queuePending + delta);
    taken.add(change.session.id);
    prepared.push({ command, aggregate, change, delta, kept: [], result: settled(decision) });
  }
  return prepared;
}

function decided(
  command: Command,
  aggregate: Aggregate | null,
  now: Date,
): Decision<Json> | { error: unknown; change?: undefined } {
  try {
    return command.decide(aggregate, now);
  } catch (error) {
    return { error };
  }
}

const settled = (decision: Decision<Json>): PromiseSettledResult<Settled> =>
  'refusal' in decision
    ? { status: 'rejected', reason: new DomainError(decision.refusal) }
    : { status: 'fulfilled', value: { reply: decision.reply, change: decision.change ?? null } };
