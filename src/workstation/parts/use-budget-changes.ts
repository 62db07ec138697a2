import { useEffect, useEffectEvent } from 'react';
import { BudgetChangesDocument } from '../generated/graphql.ts';
import { useLiveScope } from '../live/context.tsx';
import { asQuery } from '../live/use-live.ts';

/** Milliseconds: money moves with every call, and is told this often at most. */
const TOGETHER = 500;

/**
 * Tells of changed budgets, of one project or of all. What is reserved and spent comes in too great numbers for the
 * feed; what changes while there is no connection is covered by what refreshes after it.
 */
export function useBudgetChanges(projectId: string | null, changed: () => void): void {
  const live = useLiveScope();
  const tell = useEffectEvent(changed);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stop = () => {};
    // Anew with every connection: one that the server has ended would not come back.
    const start = () => {
      stop();
      ({ unsubscribe: stop } = live.client
        .subscription(asQuery(BudgetChangesDocument), { projectId })
        .subscribe(({ data }) => {
          if (data)
            timer ??= setTimeout(() => {
              timer = undefined;
              tell();
            }, TOGETHER);
        }));
    };
    start();
    const offRefresh = live.onRefresh(start);
    return () => {
      clearTimeout(timer);
      offRefresh();
      stop();
    };
  }, [live, projectId]);
}
