import type { Query } from '../database/query.ts';
import { Prisma, type Intervention, type PrismaClient } from '../generated/prisma/client.ts';
import type { InterventionStatus, InterventionType, InterventionUrgency } from '../generated/prisma/enums.ts';
import type { Listing, Page } from '../graphql/connection.ts';
import { type Conditions, equals, listNewestFirst, oneOf, within } from '../graphql/list.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { RequestError } from '../kernel/errors.ts';
import { interventionColumns } from '../sessions/columns.ts';

export interface InterventionFilter {
  status?: InterventionStatus[] | null;
  type?: InterventionType[] | null;
  urgency?: InterventionUrgency[] | null;
  projectId?: string | null;
  teamId?: string | null;
  sessionId?: string | null;
  agentName?: string | null;
  claimedByMe?: boolean | null;
  createdAt?: { from?: Date | null; to?: Date | null } | null;
  search?: string | null;
}

const table = { name: 'interventions', prefix: 'intervention', columns: interventionColumns } as const;

export function listInterventions(
  query: Query,
  viewer: Viewer,
  filter: InterventionFilter,
  page: Page,
): Promise<Listing<Intervention>> {
  return listNewestFirst(query, table, conditionsOf(viewer, filter), page);
}

function conditionsOf(viewer: Viewer, filter: InterventionFilter): Conditions {
  return [
    ...equals('project_id', viewer.projectId),
    ...equals('project_id', filter.projectId),
    ...equals('team_id', filter.teamId),
    ...equals('session_id', filter.sessionId),
    ...equals('agent_name', filter.agentName),
    ...oneOf('status', filter.status),
    ...oneOf('type', filter.type),
    ...oneOf('urgency', filter.urgency),
    ...within('created_at', filter.createdAt),
    ...claimed(viewer, filter.claimedByMe),
    ...matching(filter.search),
  ];
}

function claimed(viewer: Viewer, mine: boolean | null | undefined): Conditions {
  if (mine === null || mine === undefined) return [];
  const byMe = Prisma.sql`coalesce(claimed_by->>'id' = ${viewer.actor.id}, false)`;
  return [mine ? byMe : Prisma.sql`NOT ${byMe}`];
}

/** Characters. Some thousands of words make a tree deeper than the engine's stack; the embedded engine dies of it. */
const LONGEST_SEARCH = 1_000;

/** All words, "a phrase", or, -not: the text as a person types it. */
function matching(search: string | null | undefined): Conditions {
  if (search === null || search === undefined || search.trim() === '') return [];
  if (search.length > LONGEST_SEARCH) {
    throw new RequestError('BAD_USER_INPUT', `search must have at most ${LONGEST_SEARCH} characters`);
  }
  return [
    Prisma.sql`id IN (SELECT intervention_id FROM intervention_search WHERE words @@ websearch_to_tsquery('simple', ${search}))`,
  ];
}

export async function findIntervention(
  prisma: PrismaClient,
  viewer: Viewer,
  id: string,
): Promise<Intervention | null> {
  const intervention = await prisma.intervention.findUnique({ where: { id } });
  return intervention && inScope(viewer, intervention.projectId) ? intervention : null;
}
