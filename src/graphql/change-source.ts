import type { Changed } from '../events/changes.ts';
import type { Context } from './context.ts';
import { createSharedSource, type SharedSource } from './shared-source.ts';

/**
 * Turns committed changes into what one subscription shows. `read` gets the changes in scope and gives payloads; it runs
 * one at a time in order, so that nobody sees an older state after a newer one.
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
      let last: Promise<void> | null = null;
      const send = (payloads: T[]) => {
        for (const payload of payloads) deliver(payload, null);
      };
      return house.changes.listen((changed) => {
        if ((scope !== null && changed.projectId !== scope) || !wanted(changed)) return;
        const payloads = last === null ? read(changed) : last.then(() => read(changed));
        if (Array.isArray(payloads)) return send(payloads);
        const done: Promise<void> = payloads
          .then(send)
          .catch((error: unknown) => end(error as Error))
          .finally(() => {
            if (last === done) last = null;
          });
        last = done;
      });
    },
  });
}

/**
 * What one subscription shows of things that are read anew when they change: a burst of changes is read once. `idOf` is
 * what a change in scope is about, or null.
 */
export function latestSource<T>(
  { house, viewer }: Context,
  key: string,
  idOf: (changed: Changed) => string | null,
  read: (id: string) => Promise<T | null>,
): SharedSource<T> {
  const scope = viewer.projectId;
  return createSharedSource<T>({
    key: `${key}|${scope ?? '*'}`,
    attach(deliver, end) {
      const dirty = new Set<string>();
      let running = false;
      const run = async () => {
        running = true;
        for (const id of dirty) {
          dirty.delete(id);
          const payload = await read(id);
          if (payload !== null) deliver(payload, null);
        }
        running = false;
      };
      return house.changes.listen((changed) => {
        const id = scope === null || changed.projectId === scope ? idOf(changed) : null;
        if (id === null) return;
        dirty.add(id);
        if (!running) run().catch((error: unknown) => end(error as Error));
      });
    },
  });
}
