import { useMemo } from 'react';
import { QueuePlacesDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';

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
