import type { Sweep } from '../clock/sweep.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import type { Query } from './query.ts';

// A PostgreSQL server clears dead rows away by itself. The embedded engine has no process of its own for that: without
// this, tables whose rows come and go grow without end, and every read of them passes by all that ever was.

/** Rows that are moved or taken away with nearly every change. There are few of them at any time: a millisecond each. */
const BUSY = [
  'unsealed_events',
  'event_log',
  'event_chains',
  'intervention_queues',
  'budgets',
  'session_drives',
];
/** Seconds between two runs over these. */
const BUSY_EVERY = 30;
/** Seconds between two runs over every table, which also tell the planner how many rows there are of what. */
const ALL_EVERY = 600;

/** Vacuums the embedded database, one table at a time, so that requests pass in between. */
export function createUpkeep({ query, clock }: { query: Query; clock: Clock }): Sweep {
  let busyAt = addSeconds(clock.now(), BUSY_EVERY);
  let allAt = addSeconds(clock.now(), ALL_EVERY);
  const vacuum = async (options: string, tables: readonly string[]): Promise<void> => {
    for (const table of tables) await query({ text: `VACUUM ${options} ${table}`, values: [] });
  };
  return {
    name: 'upkeep',
    async run(now) {
      if (allAt <= now) {
        allAt = addSeconds(now, ALL_EVERY);
        busyAt = addSeconds(now, BUSY_EVERY);
        await vacuum('(ANALYZE)', await everyTable(query));
      } else if (busyAt <= now) {
        busyAt = addSeconds(now, BUSY_EVERY);
        await vacuum('', BUSY);
      }
      return { again: false, next: busyAt };
    },
  };
}

/** Those of the queue as well. */
async function everyTable(query: Query): Promise<string[]> {
  const rows = await query<{ name: string }>({
    text: `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    values: [],
  });
  return rows.map(({ name }) => name);
}
