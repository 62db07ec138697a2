import { Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { Vault } from '../secrets/vault.ts';
import { places } from './person-places.ts';
import { reveal } from './reveal.ts';

export interface ExportDeps {
  prisma: PrismaClient;
  vault: Pick<Vault, 'open'>;
}

/** One thing that a person said or did, or that is kept of them. */
export type PersonalRecord = { kind: string; value: Json };

/** `next`: where to go on; null at the end. */
export interface PersonalPage {
  records: PersonalRecord[];
  next: string | null;
}

const MAX_PAGE = 1_000;
const CURSOR = /^(\d{1,2}):(.{0,200})$/s;

/** The person, where the viewer may see them: theirs is a user of the viewer's project, or anybody for whom sees all. */
export async function findPerson({ prisma }: Pick<ExportDeps, 'prisma'>, viewer: Viewer, userId: string) {
  const user = await prisma.user.findUnique({ where: { id: userId } });
  if (user === null || (viewer.projectId !== null && !inScope(viewer, user.projectId)))
    throw refuse('NOT_FOUND', 'there is no such person', ['userId']);
  return user;
}

/**
 * A page of everything that the person said or did, unmasked (behaviour 8.8). Places come one after the other, each in
 * the order of its keys. Refusals: NOT_FOUND, INVALID_INPUT for the page.
 */
export async function exportPerson(
  deps: ExportDeps,
  viewer: Viewer,
  userId: string,
  { first = 100, after = null }: { first?: number; after?: string | null },
): Promise<PersonalPage> {
  const faults = new Faults();
  if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE)
    faults.add(['first'], `first must be 1 to ${MAX_PAGE}`);
  const [, start = '0', from = ''] = CURSOR.exec(after ?? '0:') ?? [];
  if (after !== null && !CURSOR.test(after)) faults.add(['after'], 'after must be what next was');
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  await findPerson(deps, viewer, userId);
  const records: PersonalRecord[] = [];
  let key = from;
  for (let at = Number(start); at < places.length; at++, key = '') {
    const { kind, rows } = places[at]!;
    const left = first - records.length;
    const page = await deps.prisma.$queryRaw<{ key: string; project: string | null; value: Json }[]>(
      Prisma.sql`SELECT * FROM (${rows(userId)}) found WHERE key COLLATE "C" > ${key} ORDER BY key COLLATE "C" LIMIT ${left + 1}`,
    );
    for (const { project, value } of page.slice(0, left))
      records.push({ kind, value: project === null ? value : await reveal(deps, project, value) });
    if (page.length > left) return { records, next: `${at}:${left === 0 ? key : page[left - 1]!.key}` };
  }
  return { records, next: null };
}
