// Coming in and going out: one state that app.tsx draws. The live connection is there exactly while somebody is in.
import { forgetDecisions } from '../decision/ledger.ts';
import { chance } from '../live/clock.ts';
import { type Live, openLive } from '../live/live.ts';
import { retryDelay, waitToRetry } from '../live/retry.ts';
import { createStore } from '../live/store.ts';
import { readSession, type SignedIn, signOut } from './session.ts';

export type Entry =
  | { kind: 'loading'; unreachable: boolean }
  /**
   * `ended`: whoever is here was signed in a moment ago. `here`: whom this browser is signed in as all the same, where it was
   * opened with a one-time link that was not taken.
   */
  | { kind: 'signed-out'; oidc: boolean; ended: boolean; here: SignedIn | null }
  | { kind: 'signed-in'; session: SignedIn; live: Live };

export const entry = createStore<Entry>({ kind: 'loading', unreachable: false });

/** How often in a row a session was refused that the server then said is good. */
let refusals = 0;
let viewerId: string | null = null;
/** Whose end somebody asked for: what the server then ends was not ended by anybody else. */
let leaving: Live | null = null;

/**
 * Asks the server who is here until it answers. `refused`: the token of a session that it turned down a moment ago. Where it
 * says that this one is good all the same, something in between differs: it is come back to more and more slowly.
 */
export async function begin(refused: string | null = null): Promise<void> {
  const ended = refused !== null;
  for (let attempt = 0; ; attempt += 1) {
    const found = await readSession();
    if (found.kind === 'signed-in') {
      if (found.session.csrfToken === refused) {
        await waitToRetry(retryDelay(refusals, chance()));
        refusals += 1;
      } else refusals = 0;
      return enter(found.session);
    }
    if (found.kind === 'signed-out')
      return entry.set({ kind: 'signed-out', oidc: found.oidc, ended, here: null });
    entry.set({ kind: 'loading', unreachable: true });
    await waitToRetry(retryDelay(attempt, chance()));
  }
}

/** A one-time link is tried before anything is asked: it signs in whoever opened it, whoever was in. */
export const beginWithLink = (): void =>
  entry.set({ kind: 'signed-out', oidc: false, ended: false, here: null });

/** It was not taken. What else there is to sign in with, or who is in already, is known once the server has said so. */
export async function linkNotTaken(): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const found = await readSession();
    const present = entry.get();
    // Somebody was quicker with a key.
    if (present.kind !== 'signed-out') return;
    if (found.kind === 'signed-out') return entry.set({ ...present, oidc: found.oidc });
    if (found.kind === 'signed-in') return entry.set({ ...present, here: found.session });
    await waitToRetry(retryDelay(attempt, chance()));
  }
}

export function enter(session: SignedIn): void {
  // What one person decided is not shown to the next.
  if (viewerId !== session.viewer.id) forgetDecisions();
  viewerId = session.viewer.id;
  const live: Live = openLive({
    csrfToken: session.csrfToken,
    // Whether the session is over is for the server to say: it may have been made anew, by another page.
    onRefused() {
      const present = entry.get();
      if (present.kind !== 'signed-in' || present.live !== live || leaving === live) return;
      live.close();
      entry.set({ kind: 'loading', unreachable: false });
      void begin(session.csrfToken);
    },
    async onForbidden() {
      const found = await readSession();
      const present = entry.get();
      if (found.kind !== 'signed-in' || found.session.csrfToken === session.csrfToken) return;
      if (present.kind !== 'signed-in' || present.live !== live) return;
      live.close();
      enter(found.session);
    },
  });
  entry.set({ kind: 'signed-in', session, live });
}

/** Signs out, here and everywhere; false where the server could not be told. */
export async function leave(): Promise<boolean> {
  const present = entry.get();
  if (present.kind !== 'signed-in') return true;
  leaving = present.live;
  if (!(await signOut(present.session.csrfToken))) {
    leaving = null;
    return false;
  }
  present.live.close();
  forgetDecisions();
  await begin();
  return true;
}
