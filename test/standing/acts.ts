import { beforeAll } from 'vitest';
import type { Viewer } from '../../src/identity/viewer.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { createStandingApproval, type CreateInput } from '../../src/standing/create.ts';
import { revokeStandingApproval } from '../../src/standing/revoke.ts';
import { approvalActs, withApprovals } from '../approvals/acts.ts';
import type { House, Team } from '../support/house.ts';
import { withTwoHouses } from '../support/with-house.ts';

/** A key of this person's own: what they granted stands while they hold one. */
export async function keyFor(
  { deps }: Pick<House, 'deps'>,
  { actor, role, projectId }: Viewer,
): Promise<string> {
  const id = deps.ids.next('key');
  await deps.prisma.apiKey.create({
    data: { id, name: actor.name, hash: id, role, projectId, userId: actor.id, createdAt: deps.clock.now() },
  });
  return id;
}

/** Shorthands: the verbs with what a test does not care about filled in. */
export function standingActs({ deps: approvals }: House, team: Team) {
  const deps = { ...approvals, wakeSweeps: () => {} };
  return {
    grant: async (approvalId: string, input: Partial<CreateInput> = {}, by = team.operator) =>
      (
        await createStandingApproval(deps, by, {
          approvalId,
          maximumUses: 10,
          maximumCost: '100',
          expiresAt: addSeconds(deps.clock.now(), 3600),
          ...input,
        })
      ).standingId,
    revoke: (id: string, reason: string | null = null, by = team.operator) =>
      revokeStandingApproval(deps, by, id, reason),
    standing: (id: string) => deps.prisma.standingApproval.findUniqueOrThrow({ where: { id } }),
  };
}

/** A house with a team, the verbs of approvals and of standing ones. Everybody who may grant holds a key. */
export function withStanding() {
  const approvals = withApprovals();
  const may = {} as ReturnType<typeof standingActs>;
  beforeAll(async () => {
    const { house, team } = approvals.scene;
    Object.assign(may, standingActs(house, team));
    for (const person of [team.operator, team.colleague, team.supervisor, team.manager, team.admin])
      await keyFor(house, person);
  });
  return { ...approvals, may };
}

/** The same in two processes on one database where it is a server; else in one process with two lanes. */
export function withTwoStanding() {
  const two = withTwoHouses();
  const acts: ReturnType<typeof approvalActs>[] = [];
  const mays: ReturnType<typeof standingActs>[] = [];
  beforeAll(async () => {
    for (const house of two.houses) {
      acts.push(approvalActs(house, two.team));
      mays.push(standingActs(house, two.team));
    }
    await keyFor(two.houses[0]!, two.team.operator);
  });
  return { ...two, calls: acts, mays };
}
