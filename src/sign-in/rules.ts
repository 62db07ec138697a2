import type { Viewer } from '../identity/viewer.ts';
import { addSeconds } from '../kernel/clock.ts';

// A browser session, in the table browser_sessions (behaviour 2.10):
//
//   open ──a request or a socket by its cookie──▶ open, for another 12 h, though not past its 7th day
//     ├──DELETE /session · signing in anew · the issuer says another role or project of the person──▶ ended
//     └──not used for 12 h, or 7 days old──▶ ended, by the sweep
//
// It is worth what it stands for: once its API key is revoked or has expired it opens nothing, whatever stands here.

/** A browser is for people: whoever stands for an agent neither opens a session nor keeps one (behaviour 2.10). */
export const isPerson = ({ role }: Pick<Viewer, 'role'>): boolean => role !== 'AGENT';
export const NO_PERSON = {
  key: "An AGENT key is for agents; sign in with a person's.",
  issuer:
    'The issuer says the role AGENT of you, which is for agents; people sign in with a role of their own.',
};

const HOUR = 3_600;
/** Seconds without a use. */
export const IDLE = 12 * HOUR;
/** Seconds in all. */
export const LONGEST = 7 * 24 * HOUR;
/** Seconds that a link can be used for. */
export const LINK = 15 * 60;
/** Seconds that ended sessions and old links are kept: replicas that heard nothing of an end look back a minute. */
export const KEPT = 24 * HOUR;

/** What a session that begins at this time is written with. */
export function beginning(now: Date): { lastUsedAt: Date; expiresAt: Date; endsAt: Date; createdAt: Date } {
  return {
    createdAt: now,
    lastUsedAt: now,
    expiresAt: addSeconds(now, IDLE),
    endsAt: addSeconds(now, LONGEST),
  };
}

/** When it ends unless it is used again: what a page is told. `endsAt` null: whatever it stands for has no end. */
export function endsUnused(now: Date, endsAt: Date | null): Date {
  const idle = addSeconds(now, IDLE);
  return endsAt !== null && endsAt < idle ? endsAt : idle;
}
