import type { EventFilter } from '../../generated/graphql.ts';
import { textIn } from '../../search.ts';

export interface EventsSearch {
  types?: string[] | undefined;
  project?: string | undefined;
  team?: string | undefined;
  session?: string | undefined;
  subject?: string | undefined;
  actor?: string | undefined;
  /** Instants, as the API writes them. */
  from?: string | undefined;
  to?: string | undefined;
}

const TYPE = /^[a-z][a-z_]{0,59}$/;

export function eventsSearch(search: Record<string, unknown>): EventsSearch {
  const types = (textIn(search.types) ?? '').split(',').filter((type) => TYPE.test(type));
  return {
    types: types.length === 0 ? undefined : [...new Set(types)],
    project: textIn(search.project),
    team: textIn(search.team),
    session: textIn(search.session),
    subject: textIn(search.subject),
    actor: textIn(search.actor),
    from: instantIn(search.from),
    to: instantIn(search.to),
  };
}

export function instantIn(value: unknown): string | undefined {
  const at = new Date(textIn(value) ?? '');
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

export const filterOf = ({
  types,
  project,
  team,
  session,
  subject,
  actor,
  from,
  to,
}: EventsSearch): EventFilter => ({
  types: types ?? null,
  projectId: project ?? null,
  teamId: team ?? null,
  sessionId: session ?? null,
  subjectId: subject ?? null,
  actor: actor ?? null,
  occurredAt: from === undefined && to === undefined ? null : { from: from ?? null, to: to ?? null },
});
