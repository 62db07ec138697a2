import type { Connection } from './connection.ts';
import { commit, release, reserve } from './documents.ts';
import type { EmergencyStops } from './emergency.ts';
import type { Usage } from './guard.ts';
import { accepted } from './payload.ts';

export interface Estimate extends Usage {
  projectId: string;
  /** After this the hold is given back, whatever became of the work; 600 when left out. */
  ttlSeconds?: number;
  signal?: AbortSignal;
  /** The same reservation made again under it is made once. */
  idempotencyKey?: string;
}

/** What work within a budget is given. */
export interface Spending {
  /** Says what was really spent, in all; the last word counts. Without one, the estimate is taken to be. */
  spent(usage: Usage): void;
  /** Aborted by the caller, and by an emergency stop of the project. */
  signal: AbortSignal;
}

/**
 * Holds the estimate in every line of the project's budget, or rejects with BUDGET_EXCEEDED and does nothing; runs the work;
 * settles what it spent. Work that fails has spent what it said, and nothing where it said nothing.
 */
export async function runWithin<Result>(
  { connection, stops }: { connection: Connection; stops: EmergencyStops },
  { projectId, tokens, cost, ttlSeconds, signal, idempotencyKey = crypto.randomUUID() }: Estimate,
  work: (spending: Spending) => Result | Promise<Result>,
): Promise<Result> {
  const { reserveBudget } = await connection.request(
    reserve,
    { input: { projectId, tokens, cost, ttlSeconds, idempotencyKey } },
    { signal, repeatable: true },
  );
  const { id } = accepted(reserveBudget).reservation!;
  const settle = async (usage: Usage): Promise<void> => {
    const { commitBudget } = await connection.request(commit, { id, ...usage }, { repeatable: true });
    accepted(commitBudget);
  };
  const stop = stops.signalOf(projectId);
  let said: Usage | null = null;
  let result: Result;
  try {
    result = await work({
      spent({ tokens, cost }) {
        said = { tokens, cost };
      },
      signal: AbortSignal.any([stop.signal, ...(signal === undefined ? [] : [signal])]),
    });
  } catch (error) {
    const settled = said === null ? connection.request(release, { id }, { repeatable: true }) : settle(said);
    // Its hold ends by itself otherwise; what the caller has to hear is what the work threw.
    await settled.catch(() => {});
    throw error;
  } finally {
    stop.release();
  }
  await settle(said ?? { tokens, cost });
  return result;
}
