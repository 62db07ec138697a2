import type { Sweep } from '../clock/sweep.ts';
import { transact } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import { systemActor } from '../identity/viewer.ts';
import type { StandingDeps } from './create.ts';
import { granterStands } from './granter.ts';
import { endStanding, standingEvent } from './store.ts';

/** Rows acted on at a time: there are never many of them. */
const WIDTH = 100;

/** What is said of one whose granter holds no key, and no role, by which they could approve. */
export const GRANTER_GONE = 'who granted it may approve no more';

type Deps = Omit<StandingDeps, 'wakeSweeps'>;

/**
 * The clock's work on standing approvals (behaviour 5.9): those out of time are EXPIRED, those whose granter may approve no
 * more REVOKED. Neither lets anything through before that: the write that counts a use looks at both itself.
 */
export const createStandingSweep = (deps: Deps): Sweep => ({
  name: 'standing approvals',
  async run(now) {
    const { prisma } = deps.database;
    const due = await prisma.$queryRawUnsafe<{ id: string }[]>(DUE, now);
    for (const { id } of due) await endDue(deps, id);
    const [{ next }] = await prisma.$queryRaw<[{ next: Date | null }]>`
      SELECT min(expires_at) AS next FROM standing_approvals
      WHERE ended_at IS NULL AND expires_at > ${now}::timestamptz`;
    return { again: due.length > 0, next };
  },
});

const DUE = `
  SELECT s.id FROM standing_approvals s
  WHERE s.ended_at IS NULL AND (s.expires_at <= $1::timestamptz OR NOT ${granterStands('s', '$1::timestamptz')})
  ORDER BY s.expires_at LIMIT ${WIDTH}`;

/** Ends one, unless somebody was faster, or it is not due any more. */
async function endDue({ database, clock, ids, committed }: Deps, id: string): Promise<void> {
  const ended = await transact(database, 'end a standing approval', async (tx) => {
    const now = clock.now();
    const [row] = await tx.$queryRawUnsafe<Due[]>(LOCK, now, id);
    if (row === undefined || (!row.expired && row.stands)) return false;
    const ending = row.expired ? 'EXPIRED' : 'REVOKED';
    const reason = row.expired ? null : GRANTER_GONE;
    if (!(await endStanding(tx, id, { ending, by: systemActor, reason, now }))) return false;
    const type = row.expired ? 'standing_approval_expired' : 'standing_approval_revoked';
    await appendEvents(tx, ids, [
      standingEvent(row, type, systemActor, now, { reason, uses: row.uses, cost: row.cost }),
    ]);
    return true;
  });
  if (ended) committed();
}

const LOCK = `
  SELECT s.id, s.project_id AS "projectId", s.team_id AS "teamId", s.uses, s.cost::text AS cost,
    s.expires_at <= $1::timestamptz AS expired, ${granterStands('s', '$1::timestamptz')} AS stands
  FROM standing_approvals s WHERE s.id = $2 AND s.ended_at IS NULL FOR NO KEY UPDATE OF s`;

interface Due {
  id: string;
  projectId: string;
  teamId: string;
  uses: number;
  cost: string;
  expired: boolean;
  stands: boolean;
}
