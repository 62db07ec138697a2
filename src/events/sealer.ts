import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Leadership } from '../database/leadership.ts';
import type { Signals } from '../database/signals.ts';
import type { Log } from '../kernel/log.ts';
import { chainOf, linkHash } from './chain.ts';

/** How many events one statement seals. */
const BATCH = 1000;
/** The guarantee behind the wake-ups, in milliseconds: a lost hint delays an event by this much at most. */
const POLL = 500;

export interface Sealer {
  /** Something was committed here. Cheap; call it after every commit that wrote events. */
  wake(): void;
  start(): void;
  stop(): Promise<void>;
}

interface Deps {
  database: { prisma: PrismaClient; signals: Signals; leadership: Leadership };
  log: Log;
  /** Called in this process once events stand in the log, with the last position given out. */
  sealed: (position: bigint) => void;
}

/**
 * Gives committed events their place in the log. Serial numbers are not commit order (a reader by number would skip
 * what commits late), so positions are given here, after the commit, by one process at a time: the leader. Should two
 * believe they lead, the statement that moves `event_log` lets one of them win.
 */
export function createSealer({ database, log, sealed }: Deps): Sealer {
  const { prisma, signals, leadership } = database;
  /** The ends of the chains, as this leader last wrote them; null: read them first. */
  let heads: Heads | null = null;
  let asked = false;
  let running: Promise<void> | null = null;
  let stopped = true;
  const undo: (() => void)[] = [];

  async function run(): Promise<void> {
    while (asked && !stopped) {
      asked = false;
      try {
        heads ??= await readHeads(prisma);
        const count = await sealBatch(prisma, heads);
        if (count === null) heads = null;
        if (count === null || count === BATCH) asked = true;
        if (count) {
          sealed(heads!.position);
          signals.send('sealed', String(heads!.position));
        }
      } catch (error) {
        heads = null;
        log.warn({ err: error }, 'sealing failed; the next wake-up tries again');
      }
    }
  }

  function seal(): void {
    if (stopped) return;
    asked = true;
    running ??= run().finally(() => {
      running = null;
      if (asked && !stopped) seal();
    });
  }

  return {
    wake: () => (leadership.isLeader() ? seal() : signals.send('seal', '')),
    start() {
      stopped = false;
      undo.push(signals.on('seal', () => leadership.isLeader() && seal()));
      undo.push(leadership.onChange(() => {
        heads = null;
        if (leadership.isLeader()) seal();
      }));
      const poll = setInterval(() => leadership.isLeader() && seal(), POLL);
      poll.unref();
      undo.push(() => clearInterval(poll));
      if (leadership.isLeader()) seal();
    },
    async stop() {
      stopped = true;
      for (const release of undo.splice(0)) release();
      await running;
    },
  };
}

interface Heads {
  position: bigint;
  chains: Map<string, { hash: string; length: bigint }>;
}

async function readHeads(prisma: PrismaClient): Promise<Heads> {
  const [{ position }, chains] = await Promise.all([
    prisma.eventLog.findUniqueOrThrow({ where: { id: 1 } }),
    prisma.eventChain.findMany(),
  ]);
  return { position, chains: new Map(chains.map(({ chain, hash, length }) => [chain, { hash, length }])) };
}

interface Unsealed {
  sequence: bigint;
  projectId: string | null;
  digest: string;
}

/** Seals what is committed, oldest first. The number sealed; null where another sealer was faster. */
async function sealBatch(prisma: PrismaClient, heads: Heads): Promise<number | null> {
  const rows = await prisma.$queryRaw<Unsealed[]>`
    SELECT sequence, project_id AS "projectId", digest FROM unsealed_events ORDER BY sequence LIMIT ${BATCH}`;
  if (rows.length === 0) return 0;
  let { position } = heads;
  const moved = new Map<string, { hash: string; length: bigint; position: bigint }>();
  const links = rows.map((row) => {
    position += 1n;
    const chain = chainOf(row.projectId);
    const previous = moved.get(chain) ?? heads.chains.get(chain);
    const hash = linkHash(previous?.hash ?? null, position, row.digest);
    moved.set(chain, { hash, length: (previous?.length ?? 0n) + 1n, position });
    return { sequence: String(row.sequence), position: String(position), previous_hash: previous?.hash ?? null, hash };
  });
  const ends = [...moved].map(([chain, end]) => ({ chain, ...end, length: String(end.length), position: String(end.position) }));
  const written = await prisma.$queryRaw<{ count: bigint }[]>`
    WITH won AS (
      UPDATE event_log SET position = ${position} WHERE id = 1 AND position = ${heads.position} RETURNING id
    ), link AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(links)}::jsonb)
        AS l(sequence bigint, position bigint, previous_hash text, hash text) WHERE EXISTS (SELECT FROM won)
    ), taken AS (
      DELETE FROM unsealed_events u USING link WHERE u.sequence = link.sequence
      RETURNING u.*, link.position, link.previous_hash, link.hash
    ), ends AS (
      INSERT INTO event_chains (chain, position, hash, length)
      SELECT chain, position, hash, length FROM jsonb_to_recordset(${JSON.stringify(ends)}::jsonb)
        AS e(chain text, position bigint, hash text, length bigint) WHERE EXISTS (SELECT FROM won)
      ON CONFLICT (chain) DO UPDATE SET position = excluded.position, hash = excluded.hash, length = excluded.length
    ), sealed AS (
      INSERT INTO events (position, id, type, project_id, team_id, session_id, subject_id, actor, data, salt,
        content_digest, digest, occurred_at, previous_hash, hash)
      SELECT position, id, type, project_id, team_id, session_id, subject_id, actor, data, salt,
        content_digest, digest, occurred_at, previous_hash, hash FROM taken
      RETURNING position
    )
    SELECT count(*) AS count FROM sealed`;
  if (Number(written[0]?.count ?? 0n) !== rows.length) return null;
  heads.position = position;
  for (const [chain, end] of moved) heads.chains.set(chain, end);
  return rows.length;
}
