import { inScope, type Viewer } from '../identity/viewer.ts';
import type { SupervisionDeps } from '../projects/deps.ts';
import { maskedVersions } from './secrets.ts';
import { fillIn } from './withheld.ts';

/** The versions of the team, where the viewer may see it, that the text has masks of. What was written stays as it is. */
export async function readMasked(
  { prisma, vault }: Pick<SupervisionDeps, 'prisma' | 'vault'>,
  viewer: Viewer,
  teamId: string,
  yaml: string,
): Promise<Map<number, string>> {
  const versions = maskedVersions(yaml);
  if (versions.length === 0) return new Map();
  const team = await prisma.team.findUnique({ where: { id: teamId } });
  if (team === null || !inScope(viewer, team.projectId)) return new Map();
  const rows = await prisma.supervisionConfiguration.findMany({
    where: { teamId, version: { in: versions } },
    select: { version: true, yaml: true, configuration: true, secretsId: true },
  });
  const texts = new Map<number, string>();
  for (const row of rows) texts.set(row.version, (await fillIn(prisma, vault, team.projectId, row)).yaml);
  return texts;
}
