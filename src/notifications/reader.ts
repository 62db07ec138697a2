import { setTimeout as delay } from 'node:timers/promises';
import type { Leadership } from '../database/leadership.ts';
import { type Tx, transact } from '../database/transact.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { termsOf } from '../interventions/terms.ts';
import type { Clock } from '../kernel/clock.ts';
import { type Ids, isId } from '../kernel/ids.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Log } from '../kernel/log.ts';
import type { Vault } from '../secrets/vault.ts';
import type { SupervisionEnvironment } from '../supervision/from-environment.ts';
import { fillInConfiguration } from '../supervision/withheld.ts';
import { auditedOf, inForce } from '../supervision/in-force.ts';
import { maxConcurrent } from '../interventions/terms.ts';
import { planEdits } from './edits.ts';
import { readTypes } from './names.ts';
import { type Item, type Planned, plan, type TeamChannel, type ToldEvent } from './rules.ts';
import { channelsOf, destinationOf } from './settings.ts';

/** Events planned for in one transaction. */
const PAGE = 200;
/** The guarantee behind the wake-ups, in milliseconds. */
const POLL = 500;
/**
 * The rest between two looks, in milliseconds. What comes after a while of quiet is planned at once, and what follows it is
 * read together: a look is a transaction, and one for each event would stand in the way of the next decision.
 */
const REST = 100;

export interface ReaderDeps {
  database: { prisma: PrismaClient };
  clock: Clock;
  ids: Ids;
  environment: SupervisionEnvironment;
  vault: Pick<Vault, 'open'>;
}

/**
 * Plans for the next events of the log, in one transaction with the reader's position: each event and channel has one
 * delivery, whatever ends when. `planned`: rows that are now to be sent; `again`: there may be more to read.
 */
export async function planNext(deps: ReaderDeps): Promise<{ planned: number; again: boolean }> {
  const { prisma } = deps.database;
  const [standing] = await prisma.$queryRaw<{ behind: boolean; waiting: boolean }[]>`
    SELECT r.position < l.position AS behind,
      EXISTS (SELECT FROM notification_deliveries WHERE status = 'WAITING_FOR_PLACE') AS waiting
    FROM notification_reader r, event_log l WHERE r.id = 1 AND l.id = 1`;
  if (standing === undefined || !(standing.behind || standing.waiting)) return { planned: 0, again: false };
  return transact(deps.database, 'plan notifications', async (tx) => {
    // One reader at a time, whoever believes to lead.
    const [reader] = await tx.$queryRaw<{ position: bigint }[]>`
      SELECT position FROM notification_reader WHERE id = 1 FOR UPDATE`;
    const { position: head } = await tx.eventLog.findUniqueOrThrow({ where: { id: 1 } });
    const events = (await tx.event.findMany({
      where: { position: { gt: reader!.position, lte: head }, type: { in: [...readTypes] } },
      orderBy: { position: 'asc' },
      take: PAGE,
      select: {
        id: true,
        position: true,
        type: true,
        projectId: true,
        teamId: true,
        subjectId: true,
        data: true,
      },
    })) as ToldEvent[];
    const again = events.length === PAGE;
    const rows = await planFor(
      tx,
      deps,
      events.filter(({ projectId }) => projectId !== null),
    );
    await insert(tx, deps, rows);
    const edits = await planEdits(tx, deps, events);
    const position = again ? events.at(-1)!.position : head;
    if (position !== reader!.position)
      await tx.notificationReader.update({ where: { id: 1 }, data: { position } });
    const released = await releasePlaces(tx, deps.clock.now());
    return { planned: rows.length + edits + released, again };
  });
}

/** The position up to which notifications are planned: what stands behind it is still to be read. */
export async function readTo(tx: Pick<Tx, 'notificationReader'>): Promise<bigint> {
  return (await tx.notificationReader.findUnique({ where: { id: 1 } }))?.position ?? 0n;
}

interface Row extends Planned {
  places: number | null;
}

async function planFor(tx: Tx, deps: ReaderDeps, events: readonly ToldEvent[]): Promise<Row[]> {
  if (events.length === 0) return [];
  const { channels, places } = await readChannels(tx, deps, events);
  if (channels.length === 0) return [];
  const ids = events.map(({ subjectId }) => subjectId).filter((id) => isId('intervention', id));
  const items = new Map<string, Item>(
    (
      await tx.intervention.findMany({
        where: { id: { in: ids } },
        select: { id: true, urgency: true, terms: true },
      })
    ).map((row) => [row.id, { urgency: row.urgency, levels: termsOf(row).escalation.levels.length }]),
  );
  return events.flatMap((event) => {
    const own = channels.filter(({ projectId }) => projectId === event.projectId);
    return plan({ ...event, data: event.data ?? {} }, items.get(event.subjectId) ?? null, own).map(
      (each) => ({
        ...each,
        places: each.name === 'intervention_required' ? places.get(each.teamId)! : null,
      }),
    );
  });
}

type ProjectChannel = TeamChannel & { projectId: string };

/** The channels in force of the projects that these events are of. */
async function readChannels(
  tx: Tx,
  { environment, vault }: Pick<ReaderDeps, 'environment' | 'vault'>,
  events: readonly ToldEvent[],
): Promise<{ channels: ProjectChannel[]; places: Map<string, number> }> {
  const projectIds = [...new Set(events.map(({ projectId }) => projectId))];
  const rows = await tx.$queryRaw<
    {
      teamId: string;
      projectId: string;
      version: number;
      configuration: JsonObject | null;
      secretsId: string | null;
    }[]
  >`
    SELECT DISTINCT ON (t.id) t.id AS "teamId", t.project_id AS "projectId", c.version, c.secrets_id AS "secretsId",
      CASE WHEN c.configuration #> '{human_supervision,notifications,channels}' IS NOT NULL THEN c.configuration END
        AS configuration
    FROM teams t JOIN supervision_configurations c ON c.team_id = t.id
    WHERE t.project_id = ANY(${projectIds}::text[])
    ORDER BY t.id, c.version DESC`;
  const places = new Map<string, number>();
  const channels: ProjectChannel[] = [];
  for (const { teamId, projectId, version, ...row } of rows) {
    // Without channels there is nothing that their secrets would be for.
    const holding = inForce(row.configuration && (await fillInConfiguration(tx, vault, projectId, row)));
    places.set(teamId, maxConcurrent(holding));
    channelsOf(holding).forEach((channel, place) => {
      const destination = destinationOf(channel, environment);
      if (destination !== null)
        channels.push({
          teamId,
          projectId,
          version,
          place,
          names: channel.events ?? [],
          audited: auditedOf(holding),
          destination,
        });
    });
  }
  return { channels, places };
}

async function insert(tx: Tx, { clock, ids }: ReaderDeps, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const now = clock.now();
  await tx.notificationDelivery.createMany({
    data: rows.map(({ teamId, version, place, destination, name, event, key, critical, places }) => ({
      id: ids.next('delivery'),
      projectId: event.projectId,
      teamId,
      version,
      place,
      channel: destination.type,
      name,
      eventId: event.id,
      eventPosition: event.position,
      subjectId: event.subjectId,
      destination: key,
      critical,
      places,
      // What needs a place gets it in releasePlaces, in this same transaction.
      status: places === null ? 'PENDING' : 'WAITING_FOR_PLACE',
      nextAttemptAt: places === null ? now : null,
      createdAt: now,
    })),
    skipDuplicates: true,
  });
}

/**
 * Behaviour 4.1: a request has a place while fewer than `max_concurrent_interventions` of the team's pending requests were
 * made before it. One that was settled before it had a place needs none, and nobody is asked any more.
 */
export async function releasePlaces(tx: Tx, now: Date): Promise<number> {
  await tx.$executeRaw`
    UPDATE notification_deliveries d SET status = 'CANCELLED'
    WHERE d.status = 'WAITING_FOR_PLACE'
      AND NOT EXISTS (SELECT FROM interventions i WHERE i.id = d.subject_id AND i.status = 'PENDING')`;
  return tx.$executeRaw`
    UPDATE notification_deliveries d SET status = 'PENDING', next_attempt_at = ${now}::timestamptz
    WHERE d.status = 'WAITING_FOR_PLACE' AND d.places > (
      SELECT count(*) FROM interventions i
      WHERE i.team_id = d.team_id AND i.status = 'PENDING' AND i.id < d.subject_id)`;
}

export interface Reader {
  start(): void;
  stop(): Promise<void>;
  /** The log has grown. A hint; the poll finds it too. */
  wake(): void;
}

/**
 * Reads the sealed log in the one process that leads. Nothing that is decided waits for it, and nothing fails with it.
 * `planned` is called where there is something new to send.
 */
export function createReader(
  deps: ReaderDeps & { database: { leadership: Leadership }; log: Log; planned: () => void },
): Reader {
  const { database, log } = deps;
  const undo: (() => void)[] = [];
  let asked = false;
  let running: Promise<void> | null = null;
  let stopped = true;
  let ending = new AbortController();

  const rest = () => delay(REST, undefined, { signal: ending.signal }).catch(() => {});

  async function run(): Promise<void> {
    while (asked && !stopped) {
      asked = false;
      try {
        const { planned, again } = await planNext(deps);
        if (again) asked = true;
        if (planned > 0) deps.planned();
        if (!again) await rest();
      } catch (error) {
        log.warn({ err: error }, 'planning notifications failed; the next look tries again');
      }
    }
  }

  function wake(): void {
    if (stopped || !database.leadership.isLeader()) return;
    asked = true;
    running ??= run().finally(() => {
      running = null;
      if (asked) wake();
    });
  }

  return {
    wake,
    start() {
      stopped = false;
      ending = new AbortController();
      undo.push(database.leadership.onChange(wake));
      const poll = setInterval(wake, POLL);
      poll.unref();
      undo.push(() => clearInterval(poll));
      wake();
    },
    async stop() {
      stopped = true;
      ending.abort();
      for (const release of undo.splice(0)) release();
      await running;
    },
  };
}
