import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Configuration } from './configuration-schema.ts';
import { filledIn, type SupervisionEnvironment } from './from-environment.ts';
import { inForce } from './in-force.ts';

/** How a project wants its workstation to look (`workstation.ui_customization`, behaviour 1.14). Null: as it comes. */
export interface WorkstationLook {
  theme: 'light' | 'dark' | null;
  /** A data: address of an image: nothing is asked of another host (behaviour 10.6). */
  logo: string | null;
  primaryColor: string | null;
  secondaryColor: string | null;
}

const asItComes: WorkstationLook = { theme: null, logo: null, primaryColor: null, secondaryColor: null };

/** What a browser shows as an image without asking anybody, and runs nothing of. */
const IMAGE = /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/i;
const COLOR = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;

type Customization = NonNullable<
  NonNullable<NonNullable<Configuration['human_supervision']>['workstation']>['ui_customization']
>;

export function lookOf(
  { theme, branding }: Customization,
  environment: SupervisionEnvironment,
): WorkstationLook {
  const logo = filledIn(branding?.logo_url ?? '', environment);
  const color = (text: string | undefined) => (text !== undefined && COLOR.test(text) ? text : null);
  // Themes have names of their own ("acme_dark"): what they end in is what there is of them here.
  const scheme = /(light|dark)$/i.exec(theme ?? '')?.[1]?.toLowerCase();
  return {
    theme: scheme === 'light' || scheme === 'dark' ? scheme : null,
    logo: logo !== null && IMAGE.test(logo) ? logo : null,
    primaryColor: color(branding?.primary_color),
    secondaryColor: color(branding?.secondary_color),
  };
}

/**
 * Of the first team that says so, of the viewer's project, or (null) of the only one there is: who sees several sees the
 * workstation as it comes.
 */
export async function readLook(
  prisma: PrismaClient,
  projectId: string | null,
  environment: SupervisionEnvironment,
): Promise<WorkstationLook> {
  const rows = await prisma.$queryRaw<{ projectId: string; configuration: Configuration }[]>`
    SELECT t.project_id AS "projectId", c.configuration
    FROM teams t JOIN LATERAL (
      SELECT s.configuration FROM supervision_configurations s WHERE s.team_id = t.id ORDER BY s.version DESC LIMIT 1
    ) c ON c.configuration #> '{human_supervision,workstation,ui_customization}' IS NOT NULL
    WHERE (${projectId}::text IS NULL AND (SELECT count(*) FROM projects) = 1) OR t.project_id = ${projectId}
    ORDER BY t.id LIMIT 10`;
  for (const { configuration } of rows) {
    const said = inForce(configuration)?.human_supervision?.workstation?.ui_customization;
    if (said !== undefined) return lookOf(said, environment);
  }
  return asItComes;
}
