import { beforeEach, describe, expect, it } from 'vitest';
import { expireApproval } from '../../src/approvals/expire.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { approvalActs } from '../approvals/acts.ts';
import { expectBalanced, openTill, tellers, type Till } from '../budgets/support.ts';
import { refusal, seedTeam, type Team, verbs } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';
import { stopper } from './scene.ts';

const DAY = 24 * 3600;

const { scene, clock, database } = withHouse();
let team: Team;
let till: Till;
let act: ReturnType<typeof verbs>;
let calls: ReturnType<typeof approvalActs>;
let money: ReturnType<typeof tellers>;
let stop: ReturnType<typeof stopper>['stop'];
let lift: ReturnType<typeof stopper>['lift'];

beforeEach(async () => {
  team = await seedTeam(scene.house);
  till = openTill(database(), clock());
  act = verbs(scene.house, team);
  calls = approvalActs(scene.house, team);
  money = tellers(till, team);
  ({ stop, lift } = stopper(scene.house, team));
});

const estimate = { estimatedTokens: 100, estimatedCost: '1.5' };
const statusOf = async (id: string) =>
  (await database().prisma.budgetReservation.findUniqueOrThrow({ where: { id } })).status;

describe('the hold of a call that a stop has frozen', () => {
  it('stands still with it past its expiry and a day, and is there when the call is used (5.2, 7.2, 7.7)', async () => {
    const id = await calls.request(await act.start(), estimate);
    const begun = await calls.request(await act.start(), estimate);
    await calls.vote(begun);
    await calls.begin(begun);
    const plain = (await money.reserve(7, '0.5')).reservation.id;
    const before = await calls.reservation(id);
    clock().advance(61.5);
    const { id: stopId } = await stop();
    const heldMs = 3 * DAY * 1000 + 123;
    clock().advance(heldMs / 1000);
    // The sweep has nothing more to do, and does not take what stands still for something that is due.
    await money.sweep();
    expect(await calls.reservation(id)).toEqual(before);
    expect(await calls.reservation(begun)).toMatchObject({ status: 'EXPIRED' });
    expect(await statusOf(plain)).toBe('EXPIRED');
    await lift(stopId);
    await money.sweep();
    const { expiresAt } = await calls.approval(id);
    expect(await calls.reservation(id)).toMatchObject({
      status: 'HELD',
      expiresAt: new Date(before.expiresAt.getTime() + heldMs),
    });
    expect((await calls.reservation(id)).expiresAt).toEqual(addSeconds(expiresAt!, DAY));
    await expectBalanced(till, team.projectId);
    await calls.vote(id);
    await calls.begin(id);
    expect((await calls.budget()).tokensReserved).toBe(100n);
    for (const each of [id, begun]) await calls.submit(each, { tokensUsed: 90, actualCost: '1' });
    expect(await calls.budget()).toMatchObject({ tokensReserved: 0n, monthlyTokensUsed: 180n });
    await expectBalanced(till, team.projectId);
  });

  it('takes its room for as long: nothing else is granted it meanwhile, nor after the lift (6.2)', async () => {
    await money.limit({ dailyTokens: 100 });
    const id = await calls.request(await act.start(), estimate);
    const { id: stopId } = await stop();
    clock().advance(3 * DAY);
    await lift(stopId);
    // What is out of time is given back before anything is refused: this is not.
    expect(await refusal(money.reserve(1, '0'))).toBe('BUDGET_EXCEEDED');
    expect(await calls.reservation(id)).toMatchObject({ status: 'HELD' });
  });

  it('is given back at once where the call is rejected beneath the stop (5.2, 7.2)', async () => {
    const id = await calls.request(await act.start(), estimate);
    const { id: stopId } = await stop();
    clock().advance(3 * DAY);
    await calls.vote(id, { verdict: 'REJECT', reason: 'no' });
    expect((await calls.reservation(id)).status).toBe('RELEASED');
    expect((await calls.budget()).tokensReserved).toBe(0n);
    await lift(stopId);
    expect((await calls.reservation(id)).status).toBe('RELEASED');
  });

  it('is given back when the call, whose time runs again, is out of it; through two stops (5.2, 5.7, 7.7)', async () => {
    const id = await calls.request(await act.start(), { ...estimate, timeoutMinutes: 10 });
    for (const held of [2 * DAY, 1.5]) {
      const { id: stopId } = await stop();
      clock().advance(held);
      await lift(stopId);
      clock().advance(60);
    }
    // The warning comes at 80 % of its own time, the two stops left out.
    const { createdAt, dueAt, frozenMs } = await calls.approval(id);
    expect(frozenMs).toBe((2 * DAY + 1.5) * 1000);
    expect(dueAt).toEqual(addSeconds(createdAt, 2 * DAY + 1.5 + 8 * 60));
    clock().advance(8 * 60 - 0.001);
    await expireApproval(scene.house.deps, id);
    expect((await calls.approval(id)).status).toBe('PENDING');
    expect((await calls.reservation(id)).status).toBe('HELD');
    clock().advance(0.001);
    await expireApproval(scene.house.deps, id);
    expect((await calls.approval(id)).status).toBe('TIMED_OUT');
    expect((await calls.reservation(id)).status).toBe('RELEASED');
    expect((await calls.budget()).tokensReserved).toBe(0n);
  });
});
