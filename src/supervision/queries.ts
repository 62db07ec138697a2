import { Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import { type Listing, type Page, toListing } from '../graphql/connection.ts';
import type { Actor } from '../identity/viewer.ts';
import { RequestError } from '../kernel/errors.ts';
import { masked } from './secrets.ts';

/** A text in force as it is shown; version 0: there never was one. */
export interface TextInForce {
  version: number;
  yaml: string;
}

/** The text in force of each of these teams, in their order; '' where a team has none. */
export async function readTexts(prisma: PrismaClient, teamIds: readonly string[]): Promise<TextInForce[]> {
  const rows = await prisma.$queryRaw<{ teamId: string; version: number; yaml: string }[]>`
    SELECT DISTINCT ON (team_id) team_id AS "teamId", version, yaml FROM supervision_configurations
    WHERE team_id = ANY(${teamIds}::text[]) ORDER BY team_id, version DESC`;
  const texts = new Map(
    rows.map(({ teamId, version, yaml }) => [teamId, { version, yaml: masked(yaml, version) }]),
  );
  return teamIds.map((id) => texts.get(id) ?? { version: 0, yaml: '' });
}

export interface ShownVersion {
  version: number;
  /** Its secrets as masks. */
  yaml: string;
  setBy: Actor;
  createdAt: Date;
}

/** A team's versions, newest first; a version's cursor is its number. */
export async function listVersions(
  prisma: PrismaClient,
  teamId: string,
  page: Exclude<Page, { kind: 'offset' }>,
): Promise<Listing<ShownVersion>> {
  const cursor = page.kind === 'forward' ? page.after : page.before;
  if (cursor !== null && !/^[1-9]\d{0,8}$/.test(cursor))
    throw new RequestError(
      'BAD_USER_INPUT',
      `${page.kind === 'forward' ? 'after' : 'before'} is not a cursor of this list`,
    );
  const beyond = cursor === null ? undefined : { [page.kind === 'forward' ? 'lt' : 'gt']: Number(cursor) };
  const rows = await prisma.supervisionConfiguration.findMany({
    where: { teamId, ...(beyond && { version: beyond }) },
    orderBy: { version: page.kind === 'forward' ? Prisma.SortOrder.desc : Prisma.SortOrder.asc },
    take: page.limit + 1,
    select: { version: true, yaml: true, setBy: true, createdAt: true },
  });
  const shown = rows.map(({ yaml, setBy, ...row }) => ({
    ...row,
    yaml: masked(yaml, row.version),
    setBy: setBy as unknown as Actor,
  }));
  return toListing(page, shown, () => prisma.supervisionConfiguration.count({ where: { teamId } }));
}
