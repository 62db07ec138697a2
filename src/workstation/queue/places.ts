import { useMemo } from 'react';
import { QueuePlacesDocument } from '../generated/graphql.ts';
import { useLive } from '../live/use-live.ts';

/** The names of teams and projects, by id. */
export function usePlaces(): ReadonlyMap<string, string> {
  const { data } = useLive(
    QueuePlacesDocument,
    {},
    { on: ({ type }) => type === 'team_created' || type === 'project_created' },
  );
  return useMemo(
    () =>
      new Map(
        (data?.projects ?? []).flatMap(({ id, name, teams }) => [
          [id, name] as const,
          ...teams.map((team) => [team.id, team.name] as const),
        ]),
      ),
    [data],
  );
}

/** The project, and the team where there is one; null: their names are not known, or not yet. */
export function placeNamed(
  places: ReadonlyMap<string, string>,
  { projectId, teamId }: { projectId: string; teamId: string | null },
): string | null {
  const names = [places.get(projectId), teamId === null ? undefined : places.get(teamId)];
  return names.filter((name) => name !== undefined).join(' · ') || null;
}
