// The queue is kept from sign-in on, whatever page is shown: the navigation counts it, and news of it may be told.
import { createContext, type ReactNode, use, useEffect, useState } from 'react';
import { followOutcomes, warnOfUnsent } from '../decision/ledger.ts';
import { useLiveScope } from '../live/context.tsx';
import { useStore } from '../live/store.ts';
import { announce } from './announce.ts';
import { openQueue, type QueueReader, type QueueState } from './reader.ts';

const QueueContext = createContext<QueueReader | null>(null);

export function QueueScope({ children }: { children: ReactNode }) {
  const live = useLiveScope();
  const [reader, setReader] = useState<QueueReader | null>(null);
  useEffect(() => {
    const opened = openQueue(live, announce);
    const stopFollowing = followOutcomes(live);
    const stopWarning = warnOfUnsent((id) => opened.state.get().items.some((item) => item.id === id));
    setReader(opened);
    return () => {
      stopFollowing();
      stopWarning();
      opened.close();
    };
  }, [live]);
  return reader === null ? null : <QueueContext value={reader}>{children}</QueueContext>;
}

export function useQueueReader(): QueueReader {
  const reader = use(QueueContext);
  if (reader === null) throw new Error('the queue is there where somebody is signed in');
  return reader;
}

export const useQueueState = (): QueueState => useStore(useQueueReader().state);
