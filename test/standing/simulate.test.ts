import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/kernel/json.ts';
import type { DomainError } from '../../src/kernel/errors.ts';
import type { ScopeInput } from '../../src/standing/bounds.ts';
import { simulateStandingApproval } from '../../src/standing/simulate.ts';
import { everything, refusal } from '../support/house.ts';
import { withStanding } from './acts.ts';

describe('trying a standing approval on the last 30 days', () => {
  const { scene, act, may, call, clock } = withStanding();
  let actions = 0;
  const simulate = (approvalId: string, input: Partial<ScopeInput> = {}, by = scene.team.operator) =>
    simulateStandingApproval(scene.house.deps, by, {
      approvalId,
      maximumUses: 10_000,
      maximumCost: '1000',
      ...input,
    });

  async function history() {
    const proposedAction = `try ${++actions}`;
    const sessionId = await scene.act.start();
    const ask = (input: Parameters<typeof act.request>[1] = {}, by = scene.team.agent) =>
      act.request(sessionId, { proposedAction, estimatedCost: '0.25', ...input }, by);
    return { proposedAction, ask, sessionId };
  }

  it('lets through what it would have let through, the oldest first, and changes nothing', async () => {
    const { ask } = await history();
    const old = await ask();
    clock().advance(31 * 24 * 3600);
    const first = await ask();
    await ask({ inputData: { to: 'some' } });
    await ask({ inputData: { to: 'all', risk: 'HIGH' } });
    await ask({ inputData: { to: 'all', risk: 'MEDIUM' } });
    await ask({ agentName: 'bob' });
    await ask({ proposedAction: 'something else' });
    await ask({}, scene.team.operator);
    clock().advance(3600);
    const last = await ask();
    const before = await everything(scene.house);
    const tried = await simulate(old, { condition: 'input.to == "all"' });
    expect(tried.calls.map(({ id }) => id)).toEqual([first, last]);
    expect(tried).toMatchObject({ count: 2, cost: 5_000n, examined: 6, complete: true });
    expect((await simulate(first, { maximumRisk: 'MEDIUM' })).count).toBe(4);
    expect(await everything(scene.house)).toEqual(before);
  });

  it('tells nobody what a mask hides: a condition looks at what its writer sees (8.8)', async () => {
    const { ask } = await history();
    const id = await ask({ inputData: { to: 'grete.hollenbach@nordwind-versand.de' } });
    const condition = 'input.to.startsWith("grete")';
    expect((await simulate(id, { condition })).count).toBe(0);
    expect((await simulate(id, { condition }, scene.team.supervisor)).count).toBe(1);
    expect(await refusal(may.grant(id, { condition }))).toBe('INVALID_INPUT');
    expect(await may.grant(id, { condition }, scene.team.supervisor)).toMatch(/^standing_/);
  });

  it('counts uses and cost as a use does', async () => {
    const { ask } = await history();
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1) ids.push(await ask());
    const twice = await simulate(ids[0]!, { maximumUses: 2 });
    expect(twice.calls.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(twice).toMatchObject({ count: 2, cost: 5_000n, complete: true });
    expect((await simulate(ids[0]!, { maximumCost: '0.7499' })).count).toBe(2);
    expect((await simulate(ids[0]!, { maximumCost: '0.75' })).count).toBe(3);
  });

  it('says the same as granting it and asking all of it again', async () => {
    const { ask } = await history();
    const inputs: Json[] = [
      { to: 'all' },
      { to: 'some' },
      { to: 'all', risk: 'MEDIUM' },
      { to: 'all' },
      { to: 'all' },
    ];
    const ids: string[] = [];
    for (const inputData of inputs) ids.push(await ask({ inputData }));
    const scope = { condition: 'input.to == "all"', maximumUses: 2, maximumCost: '0.5' };
    const tried = await simulate(ids[0]!, scope);
    await may.grant(ids[0]!, scope);
    const again = [];
    for (const inputData of inputs) again.push((await act.approval(await ask({ inputData }))).status);
    const passed = tried.calls.map(({ id }) => ids.indexOf(id));
    expect(again.flatMap((status, at) => (status === 'APPROVED' ? [at] : []))).toEqual(passed);
  });

  it('shows the first fifty of more', async () => {
    const { ask, sessionId } = await history();
    const ids = await Promise.all(Array.from({ length: 60 }, () => ask({ estimatedCost: '0.01' })));
    const tried = await simulate(ids[0]!);
    expect([tried.count, tried.calls.length, tried.examined]).toEqual([60, 50, 60]);
    expect(tried.calls.every((row) => row.sessionId === sessionId)).toBe(true);
  });

  it('lets nothing through for a call of HIGH risk', async () => {
    const { ask } = await history();
    const high = await ask({ inputData: { risk: 'HIGH' } });
    expect(await simulate(high)).toMatchObject({ count: 0, calls: [] });
  });

  it('names each bad field, and knows nothing of other projects', async () => {
    const { id, sessionId } = await call('answered', { proposedAction: `try ${++actions}` });
    const bad = await simulate(id, {
      maximumUses: 0,
      condition: 'input' + '.a'.repeat(20),
      maximumCost: 'x',
    }).catch((error: unknown) => error as DomainError);
    expect((bad as DomainError).errors.map(({ path }) => path![0])).toEqual([
      'condition',
      'maximumUses',
      'maximumCost',
    ]);
    expect(await refusal(simulate(id, {}, scene.team.stranger))).toBe('NOT_FOUND');
    const { answerId } = await call('answered', { sessionId, proposedAction: `try ${++actions}` });
    expect(await refusal(simulate(answerId))).toBe('NOT_FOUND');
  });
});
