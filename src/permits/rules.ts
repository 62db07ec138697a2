import { addSeconds } from '../kernel/clock.ts';

// The life of a signing key. Instants decide, not events: every replica moves from one key to the next by itself.
//
//   made ──▶ coming ──signs_from──▶ signing ──signs_until──▶ retired ──KEPT_AFTER──▶ withdrawn (its row is gone)
//   └───────────────────── published ──────────────────────────────┘
//
//   made       the first start; 90 days after the last one began to sign; by hand (keys:rotate-signing)
//   withdrawn  by then every permit that it signed has expired; at once where it is known to somebody else
//
// Invariants: one key is the last one, without a signs_until; a key is published before it signs and for as long as
// anything that it signed is good.

/** When a key signs. */
export interface SigningTimes {
  id: string;
  signsFrom: Date;
  signsUntil: Date | null;
}

const HOUR = 3_600;
/**
 * Seconds that a key signs, 90 days: an exposure that nobody noticed ends some day, and the way to a new key is walked
 * often enough to be known to work.
 */
export const SIGNS_FOR = 90 * 24 * HOUR;
/** Seconds that a key is published before it signs: longer than anything between here and a tool keeps the keys. */
export const PUBLISHED_BEFORE = 600;
/** Seconds for which whoever asks may keep the published keys. */
export const KEYS_KEPT_FOR = 300;
/** Seconds that a permit is good for at the most, however long its approval may still be used. */
export const PERMIT_LIVES = 24 * HOUR;
/** Seconds after its end for which a key stays published; the hour is for replicas whose clocks are behind. */
const KEPT_AFTER = PERMIT_LIVES + HOUR;

/** `due`: where its time has come. `soon`: a successor, published first. `at_once`: no other key is good any more. */
export type RenewalWish = 'due' | 'soon' | 'at_once';

export interface Renewal {
  /** When the new key begins to sign, and the one before it ends; null: no new one. */
  signsFrom: Date | null;
  retires: string | null;
  withdraws: string[];
}

/** The key that signs: the last that has begun, else, by a clock that is behind, the one that will begin first. */
export function signingAt<K extends SigningTimes>(keys: readonly K[], now: Date): K | null {
  const inOrder = keys.toSorted((a, b) => a.signsFrom.getTime() - b.signsFrom.getTime());
  return inOrder.findLast(({ signsFrom }) => signsFrom <= now) ?? inOrder[0] ?? null;
}

/** What is to be changed about these keys; nothing where all parts are empty. */
export function decideRenewal(keys: readonly SigningTimes[], wish: RenewalWish, now: Date): Renewal {
  if (wish === 'at_once') return { signsFrom: now, retires: null, withdraws: keys.map(({ id }) => id) };
  const withdraws = keys.filter((key) => isOver(key, now)).map(({ id }) => id);
  const last = keys.find(({ signsUntil }) => signsUntil === null) ?? null;
  if (last === null) return { signsFrom: now, retires: null, withdraws };
  const dueAt = addSeconds(last.signsFrom, SIGNS_FOR - PUBLISHED_BEFORE);
  // One that is yet to begin is the successor that is wished for.
  const renews = last.signsFrom <= now && (wish === 'soon' || dueAt <= now);
  if (!renews) return { signsFrom: null, retires: null, withdraws };
  return { signsFrom: addSeconds(now, PUBLISHED_BEFORE), retires: last.id, withdraws };
}

export const changesNothing = ({ signsFrom, withdraws }: Renewal): boolean =>
  signsFrom === null && withdraws.length === 0;

const isOver = ({ signsUntil }: SigningTimes, now: Date): boolean =>
  signsUntil !== null && addSeconds(signsUntil, KEPT_AFTER) <= now;
