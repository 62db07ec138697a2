import { useSyncExternalStore } from 'react';

const query = window.matchMedia('(min-width: 70rem)');

function watch(watcher: () => void): () => void {
  query.addEventListener('change', watcher);
  return () => query.removeEventListener('change', watcher);
}

/** Whether there is room for a list and what is chosen in it side by side. */
export const useWide = (): boolean => useSyncExternalStore(watch, () => query.matches);
