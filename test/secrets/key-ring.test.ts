import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CannotOpen, createKeyRing, type RingKey, type Sealed } from '../../src/secrets/key-ring.ts';

const key = (id: string): RingKey => ({ id, key: createSecretKey(randomBytes(32)) });
const [a, b, c] = [key('a'), key('b'), key('c')];
const ring = createKeyRing([a]);

const bytes = fc.uint8Array({ maxLength: 200 });
const place = fc.string({ maxLength: 40 });
const parts = ['iv', 'tag', 'ct'] as const;

function reasonOf(work: () => unknown): CannotOpen['reason'] | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof CannotOpen) return error.reason;
    throw error;
  }
}

/** As a database would give it back. */
const stored = (sealed: Sealed): Sealed => JSON.parse(JSON.stringify(sealed)) as Sealed;

describe('a key ring', () => {
  test('opens what it sealed, in its place, and shows nothing of it before', () => {
    fc.assert(
      fc.property(bytes, place, (plaintext, where) => {
        const sealed = ring.seal(plaintext, where);
        expect(ring.open(stored(sealed), where).equals(plaintext)).toBe(true);
        if (plaintext.length > 8)
          expect(Buffer.from(sealed.ct, 'base64url').includes(Buffer.from(plaintext))).toBe(false);
      }),
    );
  });

  test('refuses a value in which any bit was changed', () => {
    fc.assert(
      fc.property(bytes, place, fc.constantFrom(...parts), fc.nat(), (plaintext, where, part, at) => {
        const sealed = ring.seal(plaintext, where);
        const changed = Buffer.from(sealed[part], 'base64url');
        if (changed.length === 0) return;
        const bit = at % (changed.length * 8);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(reasonOf(() => ring.open({ ...sealed, [part]: changed.toString('base64url') }, where))).toBe(
          'refused',
        );
      }),
    );
  });

  test('refuses a value in whose text any character was changed, added or taken away', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ';
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom(...parts),
        fc.nat(),
        fc.constantFrom(...alphabet),
        fc.nat(2),
        (...given) => {
          const [plaintext, part, at, character, how] = given;
          const sealed = ring.seal(plaintext, 'here');
          const text = sealed[part];
          const index = at % (text.length + 1);
          const changed =
            how === 0
              ? text.slice(0, index) + character + text.slice(index + 1)
              : how === 1
                ? text.slice(0, index) + character + text.slice(index)
                : text.slice(0, index) + text.slice(index + 1);
          if (changed === text) return;
          expect(reasonOf(() => ring.open({ ...sealed, [part]: changed }, 'here'))).not.toBeNull();
        },
      ),
    );
  });

  test('refuses a value in another place than its own', () => {
    fc.assert(
      fc.property(bytes, place, place, (plaintext, from, to) => {
        fc.pre(from !== to);
        const sealed = ring.seal(plaintext, from);
        expect(reasonOf(() => ring.open(sealed, to))).toBe('refused');
      }),
    );
  });

  test('opens with the keys before it once it has a new first one, which seals from then on', () => {
    const orders = fc.shuffledSubarray([a, b, c], { minLength: 1 });
    fc.assert(
      fc.property(bytes, orders, orders, (plaintext, before, after) => {
        const sealed = createKeyRing(before).seal(plaintext, 'here');
        const rotated = createKeyRing(after);
        expect([sealed.kid, rotated.current]).toEqual([before[0]!.id, after[0]!.id]);
        expect(rotated.seal(plaintext, 'here').kid).toBe(after[0]!.id);
        if (after.includes(before[0]!)) expect(rotated.open(sealed, 'here').equals(plaintext)).toBe(true);
        else expect(reasonOf(() => rotated.open(sealed, 'here'))).toBe('missing');
      }),
    );
  });

  test('tells a key that it lacks from another key under the same id, and names it', () => {
    const sealed = ring.seal(Buffer.from('x'), 'here');
    const error = (by: RingKey) => {
      try {
        return createKeyRing([by]).open(sealed, 'here');
      } catch (caught) {
        return caught;
      }
    };
    expect(error(b)).toMatchObject({ reason: 'missing', kid: 'a', message: expect.stringContaining('"a"') });
    expect(error({ ...b, id: 'a' })).toMatchObject({ reason: 'refused', kid: 'a' });
    // Renamed, as if the other key had sealed it.
    expect(reasonOf(() => createKeyRing([b, { ...a, id: 'z' }]).open({ ...sealed, kid: 'z' }, 'here'))).toBe(
      'refused',
    );
  });

  test('refuses what is no sealed value of a version that it knows', () => {
    const sealed = ring.seal(Buffer.from('x'), 'here');
    const short = Buffer.from(sealed.tag, 'base64url').subarray(0, 12).toString('base64url');
    const bad = [null, 'x', [], {}, { ...sealed, v: 2 }, { ...sealed, more: 1 }, { ...sealed, iv: '' }];
    for (const value of [...bad, { ...sealed, tag: short }, { ...sealed, ct: 5 }])
      expect(reasonOf(() => ring.open(value, 'here'))).toBe('malformed');
  });

  test('never seals the same twice', () => {
    const sealed = Array.from({ length: 500 }, () => ring.seal(Buffer.from('x'), 'here'));
    expect(new Set(sealed.map(({ iv }) => iv)).size).toBe(500);
  });
});
