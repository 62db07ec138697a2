import { Registry } from 'prom-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { expireApproval } from '../../src/approvals/expire.ts';
import { createAstrayWatch, findAstray } from '../../src/clock/astray.ts';
import { triggerStop } from '../../src/emergency/trigger.ts';
import { systemActor } from '../../src/identity/viewer.ts';
import { createLog } from '../../src/kernel/log.ts';
import { approvalActs } from '../approvals/acts.ts';
import { withDatabase } from '../support/database.ts';
import { openHouse, seedTeam, verbs, type House, type Team } from '../support/house.ts';

const database = withDatabase();
let house: House;
let team: Team;
let act: ReturnType<typeof verbs>;
beforeAll(async () => {
  house = openHouse(database(), database().clock);
  team = await seedTeam(house);
  act = verbs(house, team);
});
const clock = () => database().clock;
const found = async () =>
  (await findAstray(house.deps.prisma, clock().now())).map(({ kind, id, why }) => `${kind} ${id}: ${why}`);
const sql = (text: string, ...values: unknown[]) => house.deps.prisma.$executeRawUnsafe(text, ...values);

describe('what waits (behaviour 4.8, 4.12)', () => {
  it('has something to come, whatever it is and wherever it has come to', async () => {
    const id = await act.ask(await act.start());
    const approval = await approvalActs(house, team).request(await act.start());
    expect(await found()).toEqual([]);
    for (const after of [300, 300, 600, 600]) {
      clock().advance(after);
      await act.sweep(id);
      await expireApproval(house.deps, approval);
      expect(await found()).toEqual([]);
    }
    expect(await house.deps.prisma.approval.findUnique({ where: { id: approval } })).toMatchObject({
      status: 'TIMED_OUT',
    });
  });

  it('is astray once nobody has acted for a minute on what was due, and no more when somebody has', async () => {
    const id = await act.ask(await act.start(), { timeout: 100 });
    clock().advance(159);
    expect(await found()).toEqual([]);
    clock().advance(1);
    expect(await found()).toEqual([`intervention ${id}: nobody acted on its deadline`]);
    await act.sweep(id);
    expect(await found()).toEqual([]);
    await act.cancel(id);
  });

  it('is astray without a deadline, frozen in a project that is not stopped, or waiting for nothing', async () => {
    const sessionId = await act.start();
    const id = await act.ask(sessionId);
    await sql('UPDATE interventions SET due_at = NULL WHERE id = $1', id);
    expect(await found()).toEqual([`intervention ${id}: it has no deadline`]);
    await sql('UPDATE interventions SET frozen_at = now() WHERE id = $1', id);
    expect(await found()).toEqual([`intervention ${id}: it is frozen, and its project is not stopped`]);
    await sql(
      "UPDATE interventions SET frozen_at = NULL, open = false, status = 'CANCELLED'::intervention_status WHERE id = $1",
      id,
    );
    expect(await found()).toEqual([`session ${sessionId}: it waits, and nothing is pending in it`]);
    await sql("UPDATE sessions SET status = 'ACTIVE' WHERE id = $1", sessionId);
    const approval = await approvalActs(house, team).request(await act.start());
    await sql('UPDATE approvals SET due_at = NULL WHERE id = $1', approval);
    expect(await found()).toEqual([`approval ${approval}: it has no deadline`]);
    await sql('UPDATE approvals SET frozen_at = now() WHERE id = $1', approval);
    expect(await found()).toEqual([`approval ${approval}: it is frozen, and its project is not stopped`]);
    await sql(
      "UPDATE approvals SET frozen_at = NULL, open = false, status = 'CANCELLED' WHERE id = $1",
      approval,
    );
  });

  it('is told by the readiness check and the metric, looked for once in ten seconds', async () => {
    const registry = new Registry();
    const watch = createAstrayWatch({
      prisma: house.deps.prisma,
      clock: clock(),
      log: createLog('silent'),
      registry,
    });
    await watch.check();
    const id = await act.ask(await act.start());
    const { dueAt } = await house.deps.prisma.intervention.findUniqueOrThrow({ where: { id } });
    await sql('UPDATE interventions SET due_at = NULL WHERE id = $1', id);
    await watch.check();
    clock().advance(10);
    await expect(watch.check()).rejects.toThrow(
      `1 wait with nothing to come next: ${id} (it has no deadline)`,
    );
    expect(await registry.metrics()).toContain('waiting_astray{kind="intervention"} 1');
    await sql('UPDATE interventions SET due_at = $2 WHERE id = $1', id, dueAt);
    clock().advance(10);
    await watch.check();
    expect(await registry.metrics()).toContain('waiting_astray{kind="intervention"} 0');
  });

  it('is not astray while a stop holds it (7.2)', async () => {
    const other = await seedTeam(house);
    const verbsThere = verbs(house, other);
    await verbsThere.ask(await verbsThere.start());
    await triggerStop(
      {
        ...house.deps,
        database: house.deps.database,
        changes: house.deps.changes,
        committed: () => {},
      } as never,
      {
        projectId: other.projectId,
        conditions: ['MANUAL_STOP'],
        severity: 'CRITICAL',
        reason: 'test',
        actor: systemActor,
      },
    );
    clock().advance(100_000);
    const here = await found();
    expect(here.filter((line) => line.includes('frozen'))).toEqual([]);
  });
});
