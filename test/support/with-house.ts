import { beforeAll } from 'vitest';
import { withDatabase } from './database.ts';
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

export const option = (id: string, more: object = {}) => ({
  id,
  label: id.toUpperCase(),
  description: '',
  value: id,
  ...more,
});
