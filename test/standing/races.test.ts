import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toDecimal, toUnits } from '../../src/budgets/state.ts';
import { heldBeforeWriting, keepsInvariants, openHouse } from '../support/house.ts';
import { stopper } from '../emergency/scene.ts';
import { approvalActs } from '../approvals/acts.ts';
import { type standingActs, withTwoStanding } from './acts.ts';

const { database, houses, acts, team, calls, mays } = withTwoStanding();
keepsInvariants(() => houses[0]!);

let actions = 0;
/** Sessions, and one in force for an action of its own. */
async function scene(sessions: number, input: Parameters<ReturnType<typeof standingActs>['grant']>[1] = {}) {
  const proposedAction = `race ${++actions}`;
  const ids = await Promise.all(Array.from({ length: sessions }, (_, at) => acts[at % 2]!.start()));
  const held = await calls[0]!.request(await acts[0]!.start(), { proposedAction });
  const id = await mays[0]!.grant(held, input);
  const ask = (at: number, estimatedCost = '0') =>
    calls[at % 2]!.request(ids[at % sessions]!, { proposedAction, estimatedCost });
  const rows = (asked: string[]) =>
    houses[0]!.deps.prisma.approval.findMany({ where: { id: { in: asked } }, orderBy: { id: 'asc' } });
  const counted = async () => {
    const { uses, cost } = await mays[0]!.standing(id);
    return { uses, cost: cost.toFixed(4) };
  };
  return { id, ids, ask, rows, counted, proposedAction };
}

describe('uses at once', () => {
  it('of fifty, exactly the ten granted go through, and the others wait for a person', async () => {
    const { id, ask, rows, counted } = await scene(50, { maximumUses: 10 });
    const asked = await Promise.all(Array.from({ length: 50 }, (_, at) => ask(at)));
    const approvals = await rows(asked);
    expect(approvals.filter(({ status }) => status === 'APPROVED')).toHaveLength(10);
    expect(approvals.filter(({ status }) => status === 'PENDING')).toHaveLength(40);
    expect(approvals.filter(({ standingId }) => standingId === id)).toHaveLength(10);
    expect(await counted()).toEqual({ uses: 10, cost: '0.0000' });
    const used = await houses[0]!.deps.prisma.unsealedEvent.count({
      where: { type: 'standing_approval_used', subjectId: id },
    });
    expect(used).toBe(10);
  });

  it('in one session take turns, and none is lost', async () => {
    const { ask, rows, counted } = await scene(1, { maximumUses: 5 });
    const approvals = await rows(await Promise.all(Array.from({ length: 12 }, (_, at) => ask(at))));
    expect(approvals.filter(({ status }) => status === 'APPROVED')).toHaveLength(5);
    expect(await counted()).toEqual({ uses: 5, cost: '0.0000' });
  });

  it('whatever their costs and number, never take one time or one cent too often, nor one too few (property)', async () => {
    const round = fc.record({
      maximumUses: fc.integer({ min: 1, max: 8 }),
      maximumUnits: fc.integer({ min: 0, max: 30_000 }),
      costs: fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 1, maxLength: 14 }),
    });
    await fc.assert(
      fc.asyncProperty(round, async ({ maximumUses, maximumUnits, costs }) => {
        const maximumCost = toDecimal(BigInt(maximumUnits));
        const { ask, rows, counted } = await scene(costs.length, { maximumUses, maximumCost });
        const asked = await Promise.all(costs.map((units, at) => ask(at, toDecimal(BigInt(units)))));
        const approvals = await rows(asked);
        const estimate = ({ proposal }: (typeof approvals)[number]) =>
          toUnits((proposal as { estimatedCost: string }).estimatedCost);
        const passed = approvals.filter(({ status }) => status === 'APPROVED');
        const sum = passed.reduce((total, approval) => total + estimate(approval), 0n);
        expect(passed.length).toBeLessThanOrEqual(maximumUses);
        expect(sum).toBeLessThanOrEqual(BigInt(maximumUnits));
        expect(await counted()).toEqual({ uses: passed.length, cost: toDecimal(sum) });
        // Whoever waits does so because nothing that fits was left.
        const left = BigInt(maximumUnits) - sum;
        for (const waiting of approvals.filter(({ status }) => status === 'PENDING'))
          expect(passed.length === maximumUses || estimate(waiting) > left).toBe(true);
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});

describe('revoking against using', () => {
  it('lets nothing through once it has answered, whatever was under way', async () => {
    const { id, ask, rows, counted, ids, proposedAction } = await scene(4, { maximumUses: 100 });
    // Read as in force, and held before it is written until the revocation has answered.
    const revoked = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    let holding = true;
    const held = openHouse(
      heldBeforeWriting(database(), async () => {
        if (!holding) return;
        waiting.resolve();
        await revoked.promise;
      }),
      database().clock,
    );
    expect((await rows([await ask(0)]))[0]!.status).toBe('APPROVED');
    const late = approvalActs(held, team).request(ids[1]!, { proposedAction });
    await waiting.promise;
    await mays[0]!.revoke(id, 'enough');
    holding = false;
    revoked.resolve();
    const [asked] = await rows([await late]);
    expect(asked).toMatchObject({ status: 'PENDING', standingId: null });
    expect((await rows([await ask(2)]))[0]!.status).toBe('PENDING');
    expect(await counted()).toEqual({ uses: 1, cost: '0.0000' });
  });

  it('by both at once: what was asked after the answer waits for a person, and what is counted went through', async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      const { id, ask, rows, counted } = await scene(12, { maximumUses: 100 });
      const early = Array.from({ length: 10 }, (_, at) => ask(at));
      await mays[turn % 2]!.revoke(id);
      const after = await Promise.all([ask(10), ask(11)]);
      const approvals = await rows([...(await Promise.all(early)), ...after]);
      const passed = approvals.filter(({ status }) => status === 'APPROVED');
      expect(passed.filter((approval) => after.includes(approval.id))).toEqual([]);
      expect((await counted()).uses).toBe(passed.length);
    }
  });

  it('ends with its granter’s key, from the revocation of that on', async () => {
    const { ids, ask, rows, counted, proposedAction } = await scene(3);
    const { prisma } = houses[0]!.deps;
    const gone = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    let holding = true;
    const held = openHouse(
      heldBeforeWriting(database(), async () => {
        if (!holding) return;
        waiting.resolve();
        await gone.promise;
      }),
      database().clock,
    );
    const late = approvalActs(held, team).request(ids[0]!, { proposedAction });
    await waiting.promise;
    const mine = { userId: team.operator.actor.id };
    await prisma.apiKey.updateMany({ where: mine, data: { revokedAt: database().clock.now() } });
    holding = false;
    gone.resolve();
    expect((await rows([await late]))[0]!.status).toBe('PENDING');
    expect((await rows([await ask(1)]))[0]!.status).toBe('PENDING');
    expect(await counted()).toEqual({ uses: 0, cost: '0.0000' });
    await prisma.apiKey.updateMany({ where: mine, data: { revokedAt: null } });
    expect((await rows([await ask(2)]))[0]!.status).toBe('APPROVED');
  });
});

describe('a stop against using (7.2)', () => {
  it('leaves nothing granted that is not cancelled with it, whichever comes first', async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      const { ask, rows, counted } = await scene(8, { maximumUses: 100 });
      const asked = Array.from({ length: 8 }, (_, at) => ask(at));
      const answers = Promise.allSettled(asked);
      const { id: stopId } = await stopper(houses[turn % 2]!, team).stop();
      const settled = await answers;
      const approvals = await rows(
        settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
      );
      expect(new Set(approvals.map(({ status }) => status))).not.toContain('APPROVED');
      for (const each of settled)
        if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'EMERGENCY_STOPPED' });
      // What went through before the stop was counted, and stays so.
      expect((await counted()).uses).toBe(approvals.filter(({ standingId }) => standingId !== null).length);
      await stopper(houses[0]!, team).lift(stopId);
    }
  });
});
