import { type Client, CombinedError } from '@urql/core';
import { useEffect, useState } from 'react';
import {
  FeedStartDocument,
  SpendingDocument,
  type SpendingQuery,
  SpendingOnDocument,
} from '../../generated/graphql.ts';
import { useLiveScope } from '../../live/context.tsx';
import { type Fault, faultOf } from '../../live/fault.ts';
import { asQuery } from '../../live/use-live.ts';
import type { Spent } from './burn-down.ts';

const PAGE = 100;
/** Pages that are read back: what was spent before that is not drawn. */
const MOST_PAGES = 20;

export interface Spending {
  events: readonly Spent[];
  /** They go back to where they were asked from. */
  complete: boolean;
}

/** What was committed to a budget since `from`, out of the log, and what is committed from now on as it is written. */
export function useSpending(budgetId: string, from: string) {
  const { client } = useLiveScope();
  const [spending, setSpending] = useState<Spending | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    setSpending(null);
    setFault(null);
    return follow(client, { budgetId, from }, setSpending, setFault);
  }, [client, budgetId, from, attempt]);
  return { spending, fault, again: () => setAttempt(attempt + 1) };
}

interface Asked {
  budgetId: string;
  from: string;
}

/**
 * The end of the log is read before what leads there, so that nothing falls between; what then comes twice, also after
 * a lost connection, which is gone on with from that same end, is taken once.
 */
function follow(
  client: Client,
  asked: Asked,
  onSpending: (spending: Spending) => void,
  onFault: (fault: Fault) => void,
): () => void {
  let stopped = false;
  let stop = () => {};
  async function run(): Promise<void> {
    const start = await client
      .query(asQuery(FeedStartDocument), {}, { requestPolicy: 'network-only' })
      .toPromise();
    const found = start.error ? start.error : await readBack(client, asked);
    if (stopped) return;
    if (found instanceof CombinedError) return onFault(faultOf(found));
    let spending = found;
    onSpending(spending);
    const known = new Set(spending.events.map(({ id }) => id));
    ({ unsubscribe: stop } = client
      .subscription(asQuery(SpendingOnDocument), {
        ...asked,
        after: start.data?.events.pageInfo.endCursor ?? null,
      })
      .subscribe(({ data, error }) => {
        if (error) return onFault(faultOf(error));
        if (!data || known.has(data.events.id)) return;
        known.add(data.events.id);
        spending = { ...spending, events: [...spending.events, data.events] };
        onSpending(spending);
      }));
  }
  void run();
  return () => {
    stopped = true;
    stop();
  };
}

async function readBack(client: Client, asked: Asked): Promise<Spending | CombinedError> {
  const events: Spent[] = [];
  let before: string | null = null;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const { data, error } = await client
      .query<SpendingQuery, Record<string, unknown>>(
        asQuery(SpendingDocument),
        { ...asked, last: PAGE, before },
        { requestPolicy: 'network-only' },
      )
      .toPromise();
    if (error) return error;
    if (!data) return new CombinedError({ graphQLErrors: [] });
    events.unshift(...data.events.nodes);
    if (!data.events.pageInfo.hasPreviousPage) return { events, complete: true };
    before = data.events.pageInfo.startCursor ?? null;
  }
  return { events, complete: false };
}
