import { sha256 } from '../kernel/json.ts';

/** The chain of what belongs to no project. */
export const SYSTEM_CHAIN = 'system';

export const chainOf = (projectId: string | null): string => projectId ?? SYSTEM_CHAIN;

/** One link (behaviour 9.2): it fixes the event, its place in the whole log, and everything before it in its chain. */
export const linkHash = (previousHash: string | null, position: bigint, digest: string): string =>
  sha256(`${previousHash ?? ''}|${position}|${digest}`);

/**
 * An event's position as clients see it: 13 characters that sort like the positions themselves. Opaque to callers;
 * `Event.cursor`, an edge's cursor and `after` are this one string (behaviour 9.1).
 */
export const encodeCursor = (position: bigint): string => position.toString(36).padStart(13, '0');

/** The position behind a cursor, or null where it is none of ours. */
export function decodeCursor(cursor: string): bigint | null {
  if (!/^[0-9a-z]{13}$/.test(cursor)) return null;
  let position = 0n;
  for (const digit of cursor) position = position * 36n + BigInt(Number.parseInt(digit, 36));
  return position <= 9_223_372_036_854_775_807n ? position : null;
}
