import { beforeAll } from 'vitest';
import { onPostgres, withDatabase } from './database.ts';
import { type House, keepsInvariants, openHouse, seedTeam, type Team, verbs } from './house.ts';

/** A house with a team for the tests of one verb; what stands afterwards is checked after each test. */
export function withHouse() {
  const database = withDatabase();
  const scene = {} as { house: House; team: Team; act: ReturnType<typeof verbs> };
  beforeAll(async () => {
    scene.house = openHouse(database(), database().clock);
    scene.team = await seedTeam(scene.house);
    scene.act = verbs(scene.house, scene.team);
  });
  keepsInvariants(() => scene.house);
  return {
    scene,
    database,
    clock: () => database().clock,
    intervention: (id: string) => scene.house.deps.prisma.intervention.findUniqueOrThrow({ where: { id } }),
    session: (id: string) => scene.house.deps.prisma.session.findUniqueOrThrow({ where: { id } }),
    task: (id: string) => scene.house.deps.prisma.task.findUniqueOrThrow({ where: { id } }),
    /** A new session with one request in it. */
    asked: async (input: Parameters<ReturnType<typeof verbs>['ask']>[1] = {}, runner?: string) => {
      const sessionId = await scene.act.start({ runner });
      return { sessionId, id: await scene.act.ask(sessionId, input) };
    },
  };
}

/** Two processes on one database where it is a server; else one process with two lanes. Filled before the tests. */
export function withTwoHouses() {
  const database = withDatabase();
  const houses: House[] = [];
  const acts: ReturnType<typeof verbs>[] = [];
  const team = {} as Team;
  beforeAll(async () => {
    const { clock } = database();
    const second = onPostgres ? await database().replica() : database();
    houses.push(openHouse(database(), clock), openHouse(second, clock));
    Object.assign(team, await seedTeam(houses[0]!));
    acts.push(...houses.map((house) => verbs(house, team)));
  });
  return { database, houses, acts, team };
}

export const option = (id: string, more: object = {}) => ({
  id,
  label: id.toUpperCase(),
  description: '',
  value: id,
  ...more,
});
