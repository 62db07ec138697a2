import { beforeAll, describe, expect, it } from 'vitest';
import { completeSession } from '../../src/sessions/end.ts';
import { DomainError } from '../../src/kernel/errors.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import {
  heldBeforeWriting,
  type House,
  keepsInvariants,
  openHouse,
  seedTeam,
  type Team,
  verbs,
} from '../support/house.ts';
import { approvalActs } from './acts.ts';

const database = withDatabase();
/** Two processes where the database is a server; else one process with two lanes. */
let houses: House[];
let team: Team;
let acts: ReturnType<typeof approvalActs>[];

beforeAll(async () => {
  const { clock } = database();
  const second = onPostgres ? await database().replica() : database();
  houses = [openHouse(database(), clock), openHouse(second, clock)];
  team = await seedTeam(houses[0]!);
  acts = houses.map((house) => approvalActs(house, team));
});
keepsInvariants(() => houses[0]!);

const of = (at: number) => acts[at % 2]!;
const start = () => verbs(houses[0]!, team).start();

/** How many were granted, and each refusal's code with its count. */
async function tally(attempts: Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const result of await Promise.allSettled(attempts)) {
    const name =
      result.status === 'fulfilled'
        ? 'granted'
        : result.reason instanceof DomainError
          ? result.reason.code
          : String(result.reason);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe('1,000 approvals at once', () => {
  it('are asked, decided by several and started, with none lost and no hold left over (5.2, 5.3, 5.4)', async () => {
    const sessions = await Promise.all(Array.from({ length: 50 }, start));
    const ids = await Promise.all(
      Array.from({ length: 1000 }, (_, at) =>
        of(at).request(sessions[at % 50]!, { estimatedTokens: 1, estimatedCost: '0.01' }),
      ),
    );
    expect(new Set(ids).size).toBe(1000);
    const { prisma } = houses[0]!.deps;
    expect(await prisma.approval.count({ where: { id: { in: ids }, status: 'PENDING' } })).toBe(1000);
    const deciders = [team.operator, team.colleague, team.supervisor];
    const reject = { verdict: 'REJECT', reason: 'no' } as const;
    const decided = await tally(
      ids.flatMap((id, at) =>
        deciders.map((decider, who) => of(at + who).vote(id, (at + who) % 3 === 0 ? reject : {}, decider)),
      ),
    );
    expect(decided).toEqual({ granted: 1000, ALREADY_RESOLVED: 2000 });
    const approved = await prisma.approval.findMany({ where: { id: { in: ids }, status: 'APPROVED' } });
    const rejected = await prisma.approval.count({ where: { id: { in: ids }, status: 'REJECTED' } });
    expect(approved.length + rejected).toBe(1000);
    expect(await prisma.approvalVote.count({ where: { approvalId: { in: ids } } })).toBe(1000);
    const started = await tally(approved.flatMap(({ id }, at) => [of(at).begin(id), of(at + 1).begin(id)]));
    expect(started).toEqual({ granted: approved.length, INVALID_STATE: approved.length });
  }, 120_000);
});

describe('races', () => {
  it('the same call is started once, whoever tries', async () => {
    const id = await of(0).request(await start());
    await of(0).vote(id);
    expect(await tally(Array.from({ length: 8 }, (_, at) => of(at).begin(id)))).toEqual({
      granted: 1,
      INVALID_STATE: 7,
    });
  });

  it('of approving, cancelling and the end of the session, one order is kept by all', async () => {
    for (let round = 0; round < 5; round += 1) {
      const sessionId = await start();
      const id = await of(0).request(sessionId);
      await Promise.allSettled([
        of(0).vote(id),
        of(1).cancel(id),
        of(0).begin(id),
        completeSession(houses[1]!.deps, team.agent, sessionId, null),
      ]);
      expect((await of(0).approval(id)).status).toBe('CANCELLED');
    }
  });

  it('an answer is taken once, and paid for once', async () => {
    const id = await of(0).request(await start(), { estimatedCost: '1' });
    await of(0).vote(id);
    const before = Number((await of(0).budget()).monthlyCostUsed);
    const submitted = await tally(
      Array.from({ length: 6 }, (_, at) => of(at).submit(id, { actualCost: '2' })),
    );
    expect(submitted).toEqual({ granted: 1, INVALID_STATE: 5 });
    expect(Number((await of(0).budget()).monthlyCostUsed) - before).toBeCloseTo(2, 4);
  });

  it("does not count a vote for an input that was edited between the vote's reading and its writing (5.4, 5.6)", async () => {
    const { clock } = database();
    const held = heldBeforeWriting(database(), async (writes) => {
      if (writes > 0) return;
      await edit();
    });
    let edit = async () => {};
    const slow = approvalActs(openHouse(held, clock), team);
    const id = await of(0).request(await start());
    await houses[0]!.deps.prisma.approval.update({ where: { id }, data: { requiredApprovals: 2 } });
    const { digest } = await of(0).approval(id);
    edit = async () => void (await of(0).vote(id, { approvedInput: { to: 'one' } }, team.supervisor));
    const late = slow.vote(id, { actionDigest: digest }, team.colleague);
    expect(await tally([late])).toEqual({ INVALID_STATE: 1 });
    expect((await of(0).approval(id)).status).toBe('PENDING');
    await of(0).vote(id, {}, team.colleague);
    const after = await of(0).approval(id);
    expect(after).toMatchObject({ status: 'APPROVED', round: 2 });
    expect(after.permit).toContain(after.digest);
  });

  it('gives the permit for what stands to a vote that does not say what it was shown (5.4, 5.6)', async () => {
    let edit = async () => {};
    const held = heldBeforeWriting(database(), async (writes) => {
      if (writes === 0) await edit();
    });
    const slow = approvalActs(openHouse(held, database().clock), team);
    const id = await of(0).request(await start());
    await houses[0]!.deps.prisma.approval.update({ where: { id }, data: { requiredApprovals: 2 } });
    const { digest } = await of(0).approval(id);
    edit = async () => void (await of(0).vote(id, { approvedInput: { to: 'one' } }, team.supervisor));
    // Its permit was signed for the input as it was, before the edit.
    await slow.vote(id, {}, team.colleague);
    const after = await of(0).approval(id);
    expect(after).toMatchObject({ status: 'APPROVED', round: 2, approvedInput: { to: 'one' } });
    expect(after.digest).not.toBe(digest);
    expect(after.permit).toBe(`permit:${id}:${after.digest}`);
    expect(after.votes.map((vote) => vote.digest)).toEqual([after.digest, after.digest]);
  });

  it('a hold that no longer fits is refused, and holds nothing (6.2)', async () => {
    const sessions = await Promise.all([start(), start()]);
    const { tokensReserved, dailyTokensUsed, dailyTokenLimit } = await of(0).budget();
    const left = Number(dailyTokenLimit - tokensReserved - dailyTokensUsed);
    const half = Math.floor(left / 2) + 1;
    const asked = await tally(
      sessions.map((sessionId, at) => of(at).request(sessionId, { estimatedTokens: half })),
    );
    expect(asked).toEqual({ granted: 1, BUDGET_EXCEEDED: 1 });
  });
});
