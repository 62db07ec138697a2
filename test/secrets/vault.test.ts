import { describe, expect, test } from 'vitest';
import { createIds } from '../../src/kernel/ids.ts';
import { rewrapSigningKeys } from '../../src/permits/rewrap.ts';
import { makeKeyPair, openPrivateKey } from '../../src/permits/key-pair.ts';
import { sealedDataKeys } from '../../src/secrets/data-keys.ts';
import { CannotOpen, createKeyRing } from '../../src/secrets/key-ring.ts';
import { assertOpens } from '../../src/secrets/open-key-ring.ts';
import { isRotated, rotate } from '../../src/secrets/rotate.ts';
import { createVault, type Kept } from '../../src/secrets/vault.ts';
import { withDatabase } from '../support/database.ts';
import { testKey } from '../support/vault.ts';

const database = withDatabase();
const [first, second] = [testKey('first', '1'), testKey('second', '2')];

/** What one process has; `keys` as in ENCRYPTION_KEYS. */
function opened(keys = [first]) {
  const { clock } = database();
  const ids = createIds(clock);
  const keyRing = createKeyRing(keys);
  const deps = { database: database(), clock, ids, keyRing };
  const vault = createVault(deps);
  const { prisma } = database();
  const kept = (projectId: string, value: string): Kept => ({
    id: ids.next('sealed'),
    projectId,
    sessionId: null,
    saidById: null,
    value: { secret: value },
  });
  return { prisma, ids, keyRing, deps, vault, kept, rewrapOthers: () => rewrapSigningKeys(prisma, keyRing) };
}

const project = () => createIds(database().clock).next('project');
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof CannotOpen ? error.reason : String(error)),
  );

describe('the vault (8.8)', () => {
  test('gives back what it was given, and keeps nothing of it in plain text', async () => {
    const { vault, kept, prisma } = opened();
    const value = kept(project(), 'the plain words');
    await vault.keepAhead([value]);
    const row = await prisma.sealedValue.findUniqueOrThrow({ where: { id: value.id } });
    expect(JSON.stringify(row)).not.toContain('plain words');
    expect(Buffer.from((row.content as { ct: string }).ct, 'base64url').toString()).not.toContain('plain');
    const values = await opened().vault.open(prisma, value.projectId, [value.id]);
    expect(values.get(value.id)).toEqual(value.value);
    await vault.drop(prisma, [value.id]);
    expect((await vault.open(prisma, value.projectId, [value.id])).size).toBe(0);
  });

  test("keeps each project's values with its own key, and opens none for another project", async () => {
    const { vault, kept, prisma } = opened();
    const [one, other] = [kept(project(), 'a'), kept(project(), 'b')];
    await vault.keepAhead([one, other]);
    const rows = await prisma.sealedValue.findMany({ where: { id: { in: [one.id, other.id] } } });
    expect(new Set(rows.map(({ dataKeyId }) => dataKeyId)).size).toBe(2);
    expect((await vault.open(prisma, one.projectId, [one.id, other.id])).size).toBe(1);
  });

  test('refuses a value that was moved to another row or project, and a key that was moved to another project', async () => {
    const { vault, kept, prisma } = opened();
    const projectId = project();
    const [one, other] = [kept(projectId, 'a'), kept(projectId, 'b')];
    await vault.keepAhead([one, other]);
    const { content } = await prisma.sealedValue.findUniqueOrThrow({ where: { id: one.id } });
    await prisma.sealedValue.update({ where: { id: other.id }, data: { content: content as object } });
    expect(await reasonOf(vault.open(prisma, projectId, [other.id]))).toBe('refused');
    const elsewhere = project();
    await prisma.sealedValue.update({ where: { id: one.id }, data: { projectId: elsewhere } });
    expect(await reasonOf(vault.open(prisma, elsewhere, [one.id]))).toBe('refused');
    await prisma.dataKey.updateMany({ where: { projectId }, data: { projectId: elsewhere } });
    expect(await reasonOf(opened().vault.keepAhead([kept(elsewhere, 'c')]))).toBe('refused');
    await prisma.sealedValue.deleteMany({ where: { id: { in: [one.id, other.id] } } });
    await prisma.dataKey.deleteMany({ where: { projectId: elsewhere } });
  });

  test('makes one key for a project, whoever needs it at the same moment', async () => {
    const projectId = project();
    const { prisma } = opened();
    const processes = Array.from({ length: 4 }, () => opened());
    await Promise.all(processes.map(({ vault, kept }) => vault.keepAhead([kept(projectId, 'x')])));
    expect(await prisma.dataKey.count({ where: { projectId } })).toBe(1);
    expect(await prisma.sealedValue.count({ where: { projectId } })).toBe(4);
  });

  test('in a transaction that rolls back keeps nothing, and goes on afterwards', async () => {
    const { vault, kept, prisma } = opened();
    const value = kept(project(), 'x');
    const broken = prisma.$transaction(async (tx) => {
      await vault.keep(tx, [value]);
      throw new Error('taken back');
    });
    await expect(broken).rejects.toThrow('taken back');
    await vault.keepAhead([value]);
    expect((await vault.open(prisma, value.projectId, [value.id])).get(value.id)).toEqual(value.value);
  });
});

describe('a rotation (8.8)', () => {
  /** Empty but for what the test puts there. */
  async function clean() {
    const { prisma } = opened();
    await prisma.sealedValue.deleteMany();
    await prisma.dataKey.deleteMany();
    await prisma.signingKey.deleteMany();
    return prisma;
  }

  async function seeded(count: number) {
    const prisma = await clean();
    const before = opened();
    const projects = [project(), project()];
    const values = Array.from({ length: count }, (_, at) => before.kept(projects[at % 2]!, `value ${at}`));
    await before.vault.keepAhead(values);
    const { id, publicJwk, privateKey } = await makeKeyPair(before.keyRing, before.ids.next('signkey'));
    const now = database().clock.now();
    await prisma.signingKey.create({
      data: {
        id,
        publicJwk: { ...publicJwk },
        privateKey: { ...privateKey },
        createdAt: now,
        signsFrom: now,
      },
    });
    return { prisma, before, values };
  }

  /** Read by a process with these keys. */
  async function expectAll(values: readonly Kept[], keys: Parameters<typeof opened>[0]) {
    const { vault, prisma } = opened(keys);
    for (const { id, projectId, value } of values)
      expect((await vault.open(prisma, projectId, [id])).get(id)).toEqual(value);
  }

  test('leaves everything readable with the new key alone, and nothing that needs an old one', async () => {
    const { prisma, before, values } = await seeded(450);
    const after = opened([second, first]);
    const told: number[] = [];
    const rotated = await rotate({ ...after.deps, ...after, progress: (count) => void told.push(count) });
    expect(rotated).toEqual({ keys: 3, dataKeys: 2, values: 450 });
    expect(told).toEqual([200, 25, 200, 25]);
    await expectAll(values, [second]);
    assertOpens(opened([second]).keyRing, await sealedDataKeys(prisma));
    openPrivateKey(opened([second]).keyRing, (await prisma.signingKey.findFirst())!);
    expect(await prisma.dataKey.count()).toBe(2);
    const signing = (await prisma.signingKey.findMany()).map(({ privateKey }) => ({ sealed: privateKey }));
    expect(await isRotated(database(), after.keyRing, signing)).toBe(true);
    expect(await rotate({ ...after.deps, ...after })).toEqual({ keys: 0, dataKeys: 0, values: 0 });
    // A process that was there before has the old data keys in memory, and meets the new ones.
    const again = opened([second, first]);
    expect((await again.vault.open(prisma, values[0]!.projectId, [values[0]!.id])).size).toBe(1);
    await expect(before.vault.open(prisma, values[0]!.projectId, [values[0]!.id])).rejects.toThrow('missing');
  });

  test('that is broken off after any batch leaves everything readable, and is gone on with by the next', async () => {
    const { values } = await seeded(450);
    for (const stopAt of [1, 1, 2]) {
      const part = opened([second, first]);
      let batches = 0;
      const progress = () => {
        batches += 1;
        if (batches === stopAt) throw new Error('killed here');
      };
      await expect(rotate({ ...part.deps, ...part, progress })).rejects.toThrow('killed here');
      await expectAll(values, [second, first]);
    }
    const last = opened([second, first]);
    await rotate({ ...last.deps, ...last });
    await expectAll(values, [second]);
    expect(await last.prisma.dataKey.count()).toBe(2);
  });

  test('loses nothing that a server with the old key at hand writes meanwhile and afterwards', async () => {
    const { prisma, values } = await seeded(300);
    const { projectId } = values[0]!;
    const server = opened([first, second]);
    const mine = [server.kept(projectId, 'before it')];
    await server.vault.keepAhead(mine);
    const turning = opened([second, first]);
    await rotate({
      ...turning.deps,
      ...turning,
      async progress() {
        const value = server.kept(projectId, `meanwhile ${mine.length}`);
        mine.push(value);
        await server.vault.keepAhead([value]);
      },
    });
    expect(mine.length).toBeGreaterThan(1);
    const last = server.kept(projectId, 'after it');
    await server.vault.keepAhead([last]);
    await expectAll([...values, ...mine, last], [second]);
    expect(await prisma.dataKey.count({ where: { projectId } })).toBe(1);
  });
});
