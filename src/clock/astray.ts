import { Gauge, type Registry } from 'prom-client';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';

// Whatever waits has a next step: a person's, with an instant at which the clock acts where no person does. Nothing here
// makes that so; this looks whether it is, for what would otherwise wait for ever without a word.
//
//   a pending item        has a `due_at` that the clock acts on, or is frozen by the stop that its project is in
//   a waiting session     has a pending intervention
//
// Answers to calls, and a recovery's plan and steps, alone have no deadline: nothing is lost by waiting that expiring would
// save (approvals/deadlines.ts).

export const astrayKinds = ['intervention', 'approval', 'session'] as const;
export type AstrayKind = (typeof astrayKinds)[number];

export interface Astray {
  kind: AstrayKind;
  id: string;
  why: string;
}

/** Seconds after its time at which what is due counts as acted on by nobody. */
const GRACE = 60;
/** Rows looked for of each kind. */
const MOST = 100;

type Client = Pick<PrismaClient, '$queryRaw'>;

/** What waits with nothing to come, up to a hundred of each kind and cause. Served by partial indexes that are mostly empty. */
export function findAstray(client: Client, now: Date): Promise<Astray[]> {
  const late = addSeconds(now, -GRACE);
  return client.$queryRaw<Astray[]>`
    (SELECT 'intervention' AS kind, id, 'it has no deadline' AS why FROM interventions
      WHERE status = 'PENDING' AND due_at IS NULL AND frozen_at IS NULL LIMIT ${MOST})
    UNION ALL
    (SELECT 'intervention', id, 'nobody acted on its deadline' FROM interventions
      WHERE due_at IS NOT NULL AND due_at <= ${late}::timestamptz ORDER BY due_at LIMIT ${MOST})
    UNION ALL
    (SELECT 'intervention', i.id, 'it is frozen, and its project is not stopped' FROM interventions i
      WHERE i.frozen_at IS NOT NULL AND i.project_id NOT IN (SELECT id FROM projects WHERE stop_id IS NOT NULL) LIMIT ${MOST})
    UNION ALL
    (SELECT 'approval', id, 'it has no deadline' FROM approvals
      WHERE status = 'PENDING' AND due_at IS NULL AND frozen_at IS NULL
        AND kind NOT IN ('RECOVERY_PLAN', 'RECOVERY_STEP', 'RESPONSE') LIMIT ${MOST})
    UNION ALL
    (SELECT 'approval', id, 'nobody acted on its deadline' FROM approvals
      WHERE due_at IS NOT NULL AND due_at <= ${late}::timestamptz ORDER BY due_at LIMIT ${MOST})
    UNION ALL
    (SELECT 'approval', a.id, 'it is frozen, and its project is not stopped' FROM approvals a
      WHERE a.frozen_at IS NOT NULL AND a.project_id NOT IN (SELECT id FROM projects WHERE stop_id IS NOT NULL) LIMIT ${MOST})
    UNION ALL
    (SELECT 'session', s.id, 'it waits, and nothing is pending in it' FROM sessions s
      WHERE s.status = 'WAITING_FOR_HUMAN'
        AND NOT EXISTS (SELECT FROM interventions i WHERE i.session_id = s.id AND i.open AND i.status = 'PENDING') LIMIT ${MOST})`;
}

/** Seconds for which what was found holds: whoever asks more often is told the same. */
const HOLDS = 10;

export interface AstrayWatch {
  /** Rejects, naming some of them, where anything waits with nothing to come: a part of `/readyz`. */
  check(): Promise<void>;
}

/** Looks when it is asked, by `/readyz` and for the metric `waiting_astray`. */
export function createAstrayWatch({
  prisma,
  clock,
  log,
  registry,
}: {
  prisma: Client;
  clock: Clock;
  log: Log;
  registry: Registry;
}): AstrayWatch {
  let last: { until: Date; found: Promise<Astray[]> } | null = null;
  let told = new Set<string>();

  async function look(): Promise<Astray[]> {
    const found = await findAstray(prisma, clock.now());
    for (const { kind, id, why } of found)
      if (!told.has(id)) log.error({ kind, id, why }, 'something waits, and nothing comes next for it');
    told = new Set(found.map(({ id }) => id));
    return found;
  }

  function recent(): Promise<Astray[]> {
    const now = clock.now();
    if (last === null || last.until <= now) {
      last = { until: addSeconds(now, HOLDS), found: look() };
      // A look that failed says nothing: the next one who asks looks anew.
      last.found.catch(() => (last = null));
    }
    return last.found;
  }

  new Gauge({
    name: 'waiting_astray',
    help: 'What waits with nothing to come next, by kind, up to a hundred for each cause; 0 is right.',
    labelNames: ['kind'],
    registers: [registry],
    async collect() {
      const found = await recent();
      for (const kind of astrayKinds) this.set({ kind }, found.filter((each) => each.kind === kind).length);
    },
  });

  return {
    async check() {
      const found = await recent();
      if (found.length === 0) return;
      const some = found.slice(0, 5).map(({ id, why }) => `${id} (${why})`);
      throw new Error(`${found.length} wait with nothing to come next: ${some.join(', ')}`);
    },
  };
}
