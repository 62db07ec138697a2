import { RequestError } from '../kernel/errors.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Caller } from '../graphql/caller.ts';

export type OnRevoked = (listener: (credentialId: string, reason: string) => void) => () => void;

/** Watches the credentials that connections were opened with. */
export interface Credentials {
  /** Calls `ended` once, with the reason, when the credential is revoked or expires. Returns what stops watching. */
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

  const stop = onRevoked((credentialId, reason) => {
    revoked.set(credentialId, reason);
    if (revoked.size > REVOCATIONS_REMEMBERED) revoked.delete(revoked.keys().next().value!);
    // Each takes itself out of the set as it is called.
    for (const ended of watchers.get(credentialId) ?? []) ended(reason);
  });

  return {
    watch(caller, ended) {
      const before = revoked.get(caller.credentialId);
      if (before !== undefined) {
        ended(before);
        return () => {};
      }
      const watcher = (reason: string) => {
        unwatch();
        ended(reason);
      };
      const ofCredential = watchers.get(caller.credentialId) ?? new Set();
      watchers.set(caller.credentialId, ofCredential.add(watcher));
      const cancel =
        caller.expiresAt && clock.at(caller.expiresAt, () => watcher('The credential has expired.'));
      const unwatch = () => {
        cancel?.();
        ofCredential.delete(watcher);
        if (ofCredential.size === 0 && watchers.get(caller.credentialId) === ofCredential)
          watchers.delete(caller.credentialId);
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
