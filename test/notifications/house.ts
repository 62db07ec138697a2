import { beforeAll, beforeEach } from 'vitest';
import { seal, readUnsealed } from '../../src/events/seal.ts';
import { createBreakers } from '../../src/notifications/breakers.ts';
import { attempt, type DeliverDeps, takeDue } from '../../src/notifications/deliver.ts';
import { planNext } from '../../src/notifications/reader.ts';
import { createWebhook } from '../../src/notifications/webhook.ts';
import { noEnvironment } from '../../src/supervision/from-environment.ts';
import { updateSupervision } from '../../src/supervision/update.ts';
import { withDatabase } from '../support/database.ts';
import { type House, openHouse, seedTeam, type Team, verbs } from '../support/house.ts';

/** Planning and sending by hand, one step at a time, with a team of its own for each test. */
export function withNotifications() {
  const database = withDatabase();
  const scene = {} as {
    house: House;
    team: Team;
    act: ReturnType<typeof verbs>;
    deps: DeliverDeps;
    counted: string[];
  };
  beforeAll(() => {
    scene.house = openHouse(database(), database().clock);
  });
  beforeEach(async () => {
    const { clock, ids } = scene.house.deps;
    scene.team = await seedTeam(scene.house);
    scene.act = verbs(scene.house, scene.team);
    scene.counted = [];
    scene.deps = {
      database: database(),
      clock,
      ids,
      environment: noEnvironment,
      vault: scene.house.deps.vault,
      channels: {
        EMAIL: null,
        WEBHOOK: createWebhook({ clock, allowPrivate: true }),
        SLACK: null,
        SMS: null,
      },
      breakers: createBreakers(clock),
      publicUrl: () => 'https://holdpoint.example.com',
      chance: () => 0,
      committed: () => {},
      count: (channel, result) => void scene.counted.push(`${channel} ${result}`),
    };
  });
  const never = new AbortController().signal;
  return {
    scene,
    database,
    clock: () => database().clock,
    configure: (supervision: object, teamId = scene.team.teamId) =>
      updateSupervision(
        { ...scene.house.deps, supervisionEnvironment: noEnvironment },
        scene.team.admin,
        teamId,
        JSON.stringify({ human_supervision: supervision }),
      ),
    ask: async (input: Parameters<typeof scene.act.ask>[1] = {}) =>
      scene.act.ask(await scene.act.start(), input),
    /** Puts what was committed into the log. */
    async sealed() {
      const rows = await readUnsealed(database().query, 1_000, new Set());
      if (rows.length > 0) await seal(database().query, rows);
    },
    async plan() {
      await this.sealed();
      while ((await planNext(scene.deps)).again);
    },
    /** Sends what is due, all at once; with how many that was. */
    async send() {
      const due = await takeDue(scene.deps, 100);
      await Promise.all(due.map((delivery) => attempt(scene.deps, delivery, never)));
      return due.length;
    },
    rows: () =>
      database().prisma.notificationDelivery.findMany({
        where: { projectId: scene.team.projectId },
        orderBy: { id: 'asc' },
      }),
  };
}
