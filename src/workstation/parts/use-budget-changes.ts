import { useEffect, useEffectEvent } from 'react';
import { BudgetChangesDocument } from '../generated/graphql.ts';
import { chance } from '../live/clock.ts';
import { useLiveScope } from '../live/context.tsx';
import { retryDelay, waitToRetry } from '../live/retry.ts';
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
    let present = 0;
    let ends = 0;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        tell();
      }, TOGETHER);
    };
    // Anew with every connection, and where the server has ended it: it would not come back by itself.
    const start = () => {
      stop();
      present += 1;
      const mine = present;
      ({ unsubscribe: stop } = live.client
        .subscription(asQuery(BudgetChangesDocument), { projectId })
        .subscribe(({ data, error }) => {
          if (mine !== present) return;
          if (error) return void again(mine);
          ends = 0;
          if (data) soon();
        }));
    };
    /** It has no place to go on from: what changed meanwhile is told once. */
    const again = async (mine: number) => {
      await waitToRetry(retryDelay(ends, chance()));
      ends += 1;
      if (mine !== present) return;
      start();
      soon();
    };
    start();
    const offRefresh = live.onRefresh(start);
    return () => {
      present += 1;
      clearTimeout(timer);
      offRefresh();
      stop();
    };
  }, [live, projectId]);
}
