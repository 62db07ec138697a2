import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { z } from 'zod';

// Values are sealed with AES-256-GCM: nobody without the key reads them, and nobody without the key changes one, or puts
// it where another belongs, unseen. A ring holds several keys, so that they can be changed: the first seals, any opens.

/** One key of a ring. The id is written into what it seals, and is no secret. */
export interface RingKey {
  id: string;
  /** 32 bytes. */
  key: KeyObject;
}

/** A sealed value as it is stored, as JSON: bytes in base64url, `kid` the id of the key that opens it. */
export interface Sealed {
  v: 1;
  kid: string;
  iv: string;
  tag: string;
  ct: string;
}

export interface KeyRing {
  /** The id of the key that seals. What says another one can be sealed anew. */
  readonly current: string;
  /**
   * Seals `plaintext` as what belongs in `place`: what it is and which row's ("signing_keys:<id>"), so that it opens
   * there and nowhere else. One key seals at most some 2^32 values: what is sealed by the million gets keys of its own.
   */
  seal(plaintext: Uint8Array, place: string): Sealed;
  /** What was sealed for this very place. Throws CannotOpen; never gives out what was not sealed by the ring. */
  open(sealed: unknown, place: string): Buffer;
}

/**
 * `missing`: the ring has no such key. `refused`: it has, and either it is another one under the same id, or the value
 * was changed or moved; which of them, nobody can tell. `malformed`: no sealed value of a version that is known.
 */
export class CannotOpen extends Error {
  override name = 'CannotOpen';
  readonly reason: 'missing' | 'refused' | 'malformed';
  /** Null where it is malformed. */
  readonly kid: string | null;

  constructor(reason: CannotOpen['reason'], kid: string | null) {
    super(`a sealed value can't be opened: ${reason}${kid === null ? '' : `, key ${JSON.stringify(kid)}`}`);
    this.reason = reason;
    this.kid = kid;
  }
}

const CIPHER = 'aes-256-gcm';
/** Bytes: the sizes that GCM is made for. A shorter tag would be easier to guess. */
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** Decoders pass over bits that stand for nothing; here one text stands for one value, and a changed one for none. */
const bytes = z.string().refine((text) => Buffer.from(text, 'base64url').toString('base64url') === text);
const ofLength = (length: number) => bytes.refine((text) => Buffer.byteLength(text, 'base64url') === length);

const sealedSchema = z.strictObject({
  v: z.literal(1),
  kid: z.string(),
  iv: ofLength(IV_LENGTH),
  tag: ofLength(TAG_LENGTH),
  ct: bytes,
});

/**
 * `keys`: at least one, of different ids. `reread`: the keys as they are kept now, or null where they can't be read; asked
 * before each sealing, and where a key is missing, so that a key which a rotation puts first is used, and found, by
 * processes that were running before.
 */
export function createKeyRing(
  keys: readonly RingKey[],
  reread: () => readonly RingKey[] | null = () => null,
): KeyRing {
  let first: RingKey;
  let byId: Map<string, KeyObject>;
  const take = (list: readonly RingKey[]): void => {
    if (list[0] === undefined) throw new Error('a key ring needs a key');
    first = list[0];
    byId = new Map(list.map(({ id, key }) => [id, key]));
  };
  take(keys);
  const refresh = (): void => {
    const list = reread();
    if (list !== null) take(list);
  };
  return {
    get current() {
      refresh();
      return first.id;
    },
    seal(plaintext, place) {
      refresh();
      const current = first;
      const iv = randomBytes(IV_LENGTH);
      const cipher = createCipheriv(CIPHER, current.key, iv, { authTagLength: TAG_LENGTH });
      cipher.setAAD(binding(current.id, place));
      const ct = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      const text = (part: Buffer) => part.toString('base64url');
      return { v: 1, kid: current.id, iv: text(iv), tag: text(cipher.getAuthTag()), ct: text(ct) };
    },
    open(stored, place) {
      const parsed = sealedSchema.safeParse(stored);
      if (!parsed.success) throw new CannotOpen('malformed', null);
      const { kid, iv, tag, ct } = parsed.data;
      if (!byId.has(kid)) refresh();
      const key = byId.get(kid);
      if (key === undefined) throw new CannotOpen('missing', kid);
      const decipher = createDecipheriv(CIPHER, key, Buffer.from(iv, 'base64url'), {
        authTagLength: TAG_LENGTH,
      });
      decipher.setAAD(binding(kid, place)).setAuthTag(Buffer.from(tag, 'base64url'));
      const opened = decipher.update(Buffer.from(ct, 'base64url'));
      try {
        return Buffer.concat([opened, decipher.final()]);
      } catch {
        throw new CannotOpen('refused', kid);
      }
    },
  };
}

/** What a value is sealed together with; the version too, so that a later one can't be passed off as this one. */
const binding = (kid: string, place: string): Buffer =>
  Buffer.from(JSON.stringify(['holdpoint', 1, kid, place]));
