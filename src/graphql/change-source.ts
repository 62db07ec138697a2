import { onceBack } from '../database/once-back.ts';
import type { Changed } from '../events/changes.ts';
import type { Context } from './context.ts';
import { createSharedSource, type SharedSource } from './shared-source.ts';

/**
 * Turns committed changes into what one subscription shows. `read` gets the changes in scope and gives payloads; it runs
 * one at a time in order, so that nobody sees an older state after a newer one. It is read again for as long as the database
 * is away.
 */
export function changeSource<T>(
  { house, viewer }: Context,
  key: string,
  wanted: (changed: Changed) => boolean,
  read: (changed: Changed) => T[] | Promise<T[]>,
): SharedSource<T> {
  const scope = viewer.projectId;
  return createSharedSource<T>({
    key: `${key}|${scope ?? '*'}`,
    attach(deliver, end) {
      const over = new AbortController();
      let last: Promise<void> | null = null;
      const send = (payloads: T[] | null) => {
        for (const payload of payloads ?? []) deliver(payload, null);
      };
      const release = house.changes.listen((changed) => {
        if ((scope !== null && changed.projectId !== scope) || !wanted(changed)) return;
        const payloads = last === null ? read(changed) : last.then(() => read(changed));
        if (Array.isArray(payloads)) return send(payloads);
        const done: Promise<void> = onceBack(house, over.signal, payloads, () => read(changed))
          .then(send)
          .catch((error: unknown) => end(error as Error))
          .finally(() => {
            if (last === done) last = null;
          });
        last = done;
      });
      return () => {
        release();
        over.abort();
      };
    },
  });
}

/**
 * What one subscription shows of things that are read anew when they change: a burst of changes is read once, and
 * again for as long as the database is away. `idsOf` says what a change in scope is about, where it has to, after a look.
 */
export function latestSource<T>(
  { house, viewer }: Context,
  key: string,
  idsOf: (changed: Changed) => readonly string[] | Promise<readonly string[]>,
  read: (id: string) => Promise<T | null>,
): SharedSource<T> {
  const scope = viewer.projectId;
  return createSharedSource<T>({
    key: `${key}|${scope ?? '*'}`,
    attach(deliver, end) {
      const over = new AbortController();
      const dirty = new Set<string>();
      let running = false;
      const run = async () => {
        running = true;
        for (const id of dirty) {
          dirty.delete(id);
          const payload = await onceBack(house, over.signal, read(id), () => read(id));
          if (over.signal.aborted) return;
          if (payload !== null) deliver(payload, null);
        }
        running = false;
      };
      const mark = (ids: readonly string[] | null) => {
        for (const id of ids ?? []) dirty.add(id);
        if (!running && dirty.size > 0) run().catch((error: unknown) => end(error as Error));
      };
      const release = house.changes.listen((changed) => {
        if (scope !== null && changed.projectId !== scope) return;
        const ids = idsOf(changed);
        if (ids instanceof Promise)
          onceBack(house, over.signal, ids, () => idsOf(changed))
            .then(mark)
            .catch((error: unknown) => end(error as Error));
        else mark(ids);
      });
      return () => {
        release();
        over.abort();
      };
    },
  });
}
