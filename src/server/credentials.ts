import { RequestError } from '../kernel/errors.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Caller } from '../graphql/caller.ts';

/** Tells of credentials and of browser sessions, each by its id. */
export type OnRevoked = (listener: (id: string, reason: string) => void) => () => void;

/** Watches the credentials that connections were opened with. */
export interface Credentials {
  /**
   * Calls `ended` once, with the reason, when the credential is revoked or expires, or the browser session ends that the
   * caller came by. Returns what stops watching.
   */
  watch(caller: Caller, ended: (reason: string) => void): () => void;
  /** Takes one of the credential's places for a subscription. Throws RATE_LIMITED when none is left. Returns what gives it back. */
  hold(caller: Caller): () => void;
  stop(): void;
}

/** behaviour 10.5 */
export const SUBSCRIPTIONS_PER_CREDENTIAL = 1_000;
/** A revocation may overtake the authentication of a connection that is being made: the latest ones are remembered. */
const REVOCATIONS_REMEMBERED = 10_000;

export function watchCredentials(clock: Clock, onRevoked: OnRevoked): Credentials {
  const watchers = new Map<string, Set<(reason: string) => void>>();
  const held = new Map<string, number>();
  const revoked = new Map<string, string>();

  const stop = onRevoked((id, reason) => {
    revoked.set(id, reason);
    if (revoked.size > REVOCATIONS_REMEMBERED) revoked.delete(revoked.keys().next().value!);
    // Each takes itself out of the set as it is called.
    for (const ended of watchers.get(id) ?? []) ended(reason);
  });

  return {
    watch(caller, ended) {
      const { credentialId, browserSession } = caller;
      const ids = browserSession === undefined ? [credentialId] : [credentialId, browserSession];
      const before = ids.map((id) => revoked.get(id)).find((reason) => reason !== undefined);
      if (before !== undefined) {
        ended(before);
        return () => {};
      }
      const watcher = (reason: string) => {
        unwatch();
        ended(reason);
      };
      for (const id of ids) watchers.set(id, (watchers.get(id) ?? new Set()).add(watcher));
      const cancel =
        caller.expiresAt && clock.at(caller.expiresAt, () => watcher('The credential has expired.'));
      const unwatch = () => {
        cancel?.();
        for (const id of ids) {
          const watching = watchers.get(id);
          watching?.delete(watcher);
          if (watching?.size === 0) watchers.delete(id);
        }
      };
      return unwatch;
    },
    hold({ credentialId }) {
      const count = held.get(credentialId) ?? 0;
      if (count >= SUBSCRIPTIONS_PER_CREDENTIAL)
        throw new RequestError(
          'RATE_LIMITED',
          `A credential holds at most ${SUBSCRIPTIONS_PER_CREDENTIAL} subscriptions at a time.`,
        );
      held.set(credentialId, count + 1);
      let given = false;
      return () => {
        if (given) return;
        given = true;
        const left = held.get(credentialId)! - 1;
        if (left === 0) held.delete(credentialId);
        else held.set(credentialId, left);
      };
    },
    stop,
  };
}
