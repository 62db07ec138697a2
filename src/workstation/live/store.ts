import { useSyncExternalStore } from 'react';

/** One value that many look at. */
export interface Store<Value> {
  get(): Value;
  set(value: Value): void;
  watch(watcher: () => void): () => void;
}

export function createStore<Value>(value: Value): Store<Value> {
  const watchers = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(value, next)) return;
      value = next;
      for (const watcher of watchers) watcher();
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

export const useStore = <Value>(store: Store<Value>): Value => useSyncExternalStore(store.watch, store.get);
