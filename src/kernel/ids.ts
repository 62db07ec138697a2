import { v7 } from 'uuid';
import type { Clock } from './clock.ts';
import { randomBytes } from './random.ts';

/** The types that have an id of their own. An id is `<prefix>_<suffix>` (TypeID): the suffix is a UUIDv7 in base 32. */
export const idPrefixes = [
  'project',
  'team',
  'agent',
  'user',
  'key',
  'session',
  'turn',
  'task',
  'intervention',
  'event',
  'signkey',
  'approval',
  'standing',
  'budget',
  'reservation',
  'stop',
  'recovery',
  'step',
  'delivery',
  'datakey',
  'sealed',
  'slackuser',
] as const;
export type IdPrefix = (typeof idPrefixes)[number];

/** Makes ids that sort by the time they were made; within one process strictly, also inside one millisecond. */
export interface Ids {
  next(prefix: IdPrefix): string;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ID = new RegExp(`^(${idPrefixes.join('|')})_[0-7][${ALPHABET}]{25}$`);

export function createIds(clock: Clock): Ids {
  let millisecond = 0;
  let sequence = 0;
  return {
    next(prefix) {
      // The clock may stand still (a test) or step back (a correction): the sequence keeps the order.
      const now = Math.max(clock.now().getTime(), millisecond);
      sequence = now === millisecond ? sequence + 1 : 0;
      millisecond = now;
      return `${prefix}_${encode(v7({ msecs: now, seq: sequence, random: randomBytes(16) }, new Uint8Array(16)))}`;
    },
  };
}

/** No id of this type that was made at this instant or later sorts before this one, and none made earlier after it. */
export function firstIdAt(prefix: IdPrefix, at: Date): string {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.max(0, at.getTime())) << 16n);
  return `${prefix}_${encode(bytes)}`;
}

/** The type of a well-formed id, or null. Says nothing of whether the object exists. */
export function prefixOf(id: string): IdPrefix | null {
  const match = ID.exec(id);
  return match === null ? null : (match[1] as IdPrefix);
}

export const isId = (prefix: IdPrefix, id: string): boolean => prefixOf(id) === prefix;

/** 128 bits as 26 characters of 5, the first holding 3. */
function encode(bytes: Uint8Array): string {
  let text = '';
  // Two bits that are always zero make the 128 a multiple of 5.
  let bits = 2;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >> bits) & 31];
    }
  }
  return text;
}
