import { randomFillSync } from 'node:crypto';

/** Drawn from the system this many bytes at a time: one call for each id and salt would be most of what they cost. */
const pool = Buffer.alloc(8192);
let used = pool.length;

/** Unpredictable bytes, fit for salts and ids. The buffer is the caller's own. */
export function randomBytes(size: number): Buffer {
  if (used + size > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = Buffer.from(pool.subarray(used, used + size));
  // What was given out is not kept here.
  pool.fill(0, used, used + size);
  used += size;
  return bytes;
}

/** 0 to 1, evenly, in steps of 2^-32. */
export const randomFraction = (): number => randomBytes(4).readUInt32BE() / 0xffff_ffff;
