import { describe, expect, it } from 'vitest';
import { createTeam } from '../../src/projects/create-team.ts';
import { noEnvironment } from '../../src/supervision/from-environment.ts';
import { readTexts } from '../../src/supervision/queries.ts';
import { updateSupervision } from '../../src/supervision/update.ts';
import { withholdPlain } from '../../src/supervision/withhold-plain.ts';
import { fillIn } from '../../src/supervision/withheld.ts';
import { eventsOf, refusal, refusedWithoutTrace, seedTeam } from '../support/house.ts';
import { withTwoHouses, withHouse } from '../support/with-house.ts';

const { scene } = withHouse();
const deps = () => ({
  ...scene.house.deps,
  database: scene.house.deps,
  supervisionEnvironment: noEnvironment,
});
const update = (yaml: string, teamId = scene.team.teamId, by = scene.team.admin) =>
  updateSupervision(deps(), by, teamId, yaml);
const versions = (teamId: string) =>
  scene.house.deps.prisma.supervisionConfiguration.findMany({
    where: { teamId },
    orderBy: { version: 'asc' },
  });
const newTeam = async () => (await seedTeam(scene.house)).teamId;
const global = (settings: string) => `human_supervision: {global: {${settings}}}`;

describe("updating a team's configuration", () => {
  it('keeps every version as it was written, with who wrote it (8.1)', async () => {
    const { teamId } = scene.team;
    const text = `# Ours.\n${global('timeout: 60')}\n`;
    expect(await update(text)).toMatchObject({ id: teamId });
    await update('');
    await update(global('timeout: 61'));
    expect(await versions(teamId)).toMatchObject([
      {
        version: 1,
        yaml: text,
        configuration: { human_supervision: { global: { timeout: 60 } } },
        setBy: { id: scene.team.admin.actor.id, role: 'ADMIN' },
      },
      { version: 2, yaml: '', configuration: null },
      { version: 3, configuration: { human_supervision: { global: { timeout: 61 } } } },
    ]);
  });

  it('writes what was set otherwise than before, path by path (9.1)', async () => {
    const team = await seedTeam(scene.house);
    const change = (yaml: string) => eventsOf(scene.house, () => update(yaml, team.teamId, team.admin));
    const event = (version: number, changes: object[]) => [
      {
        type: 'configuration_changed',
        subjectId: team.teamId,
        by: team.admin.actor.id,
        data: { version, changes },
      },
    ];
    expect(await change(global('timeout: 60, auto_continue: false'))).toEqual(
      event(1, [
        { path: 'human_supervision.global.auto_continue', before: null, after: false },
        { path: 'human_supervision.global.timeout', before: null, after: 60 },
      ]),
    );
    expect(await change(global('timeout: 60, auto_continue: true, escalation_timeout: 90'))).toEqual(
      event(2, [
        { path: 'human_supervision.global.auto_continue', before: false, after: true },
        { path: 'human_supervision.global.escalation_timeout', before: null, after: 90 },
      ]),
    );
    expect(
      await change(`# Said why.\n${global('timeout: 60, auto_continue: true, escalation_timeout: 90')}`),
    ).toEqual(event(3, []));
    expect(await change('# Gone.')).toEqual(
      event(4, [
        { path: 'human_supervision.global.auto_continue', before: true, after: null },
        { path: 'human_supervision.global.escalation_timeout', before: 90, after: null },
        { path: 'human_supervision.global.timeout', before: 60, after: null },
      ]),
    );
  });

  it('to the very same text writes nothing', async () => {
    const teamId = await newTeam();
    const by = { ...scene.team.admin, projectId: null };
    expect(await eventsOf(scene.house, () => update('', teamId, by))).toEqual([]);
    await update(global('timeout: 9'), teamId, by);
    expect(await eventsOf(scene.house, () => update(global('timeout: 9'), teamId, by))).toEqual([]);
    expect(await versions(teamId)).toHaveLength(1);
  });

  it('is refused whole, with every fault under the argument that it came in (8.1)', async () => {
    const bad = global('timeout: 0, nonsense: 1');
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => update(bad));
    await expect(update(bad)).rejects.toMatchObject({
      errors: [
        { code: 'INVALID_INPUT', path: ['yaml', 'human_supervision', 'global', 'timeout'] },
        { code: 'INVALID_INPUT', path: ['yaml', 'human_supervision', 'global', 'nonsense'] },
      ],
    });
    const input = { projectId: scene.team.projectId, name: 'more', supervision: bad };
    await expect(createTeam(deps(), scene.team.admin, { ...input, name: '' })).rejects.toMatchObject({
      errors: [
        { path: ['name'] },
        { path: ['supervision', 'human_supervision', 'global', 'timeout'] },
        { path: ['supervision', 'human_supervision', 'global', 'nonsense'] },
      ],
    });
    const teams = await scene.house.deps.prisma.team.count();
    expect(await refusal(createTeam(deps(), scene.team.admin, input))).toBe('INVALID_INPUT');
    expect(await scene.house.deps.prisma.team.count()).toBe(teams);
  });

  it('of a team in another project, or of none, is NOT_FOUND (2.2)', async () => {
    const { stranger, teamId } = scene.team;
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => update(global(''), teamId, stranger));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => update(global(''), 'team_none'));
  });

  it('comes with a team that is made with one', async () => {
    const input = { projectId: scene.team.projectId, name: 'made', supervision: global('timeout: 5') };
    let teamId = '';
    const events = await eventsOf(scene.house, async () => {
      teamId = (await createTeam(deps(), scene.team.admin, input)).id;
    });
    expect(events).toMatchObject([
      { type: 'team_created', subjectId: teamId },
      { type: 'configuration_changed', subjectId: teamId, data: { version: 1 } },
    ]);
    expect(await versions(teamId)).toMatchObject([{ version: 1, yaml: input.supervision }]);
    expect(
      await eventsOf(scene.house, () => createTeam(deps(), scene.team.admin, { ...input, supervision: '' })),
    ).toHaveLength(1);
  });
});

describe('many updates at once', () => {
  const { houses, team } = withTwoHouses();

  it('come one after the other, each told of the one before it (9.1)', async () => {
    const before = 12;
    await Promise.all(
      Array.from({ length: before }, (_, at) => {
        const { deps: one } = houses[at % 2]!;
        return updateSupervision(
          { ...one, database: one, supervisionEnvironment: noEnvironment },
          team.admin,
          team.teamId,
          global(`timeout: ${at + 1}`),
        );
      }),
    );
    const { prisma } = houses[0]!.deps;
    const rows = await prisma.supervisionConfiguration.findMany({
      where: { teamId: team.teamId },
      orderBy: { version: 'asc' },
    });
    expect(rows.map(({ version }) => version)).toEqual(Array.from({ length: before }, (_, at) => at + 1));
    const events = await prisma.unsealedEvent.findMany({
      where: { subjectId: team.teamId, type: 'configuration_changed' },
      orderBy: { sequence: 'asc' },
    });
    const timeouts = rows.map(({ configuration }) => (configuration as any).human_supervision.global.timeout);
    expect(events.map(({ data }) => (data as any).changes)).toEqual(
      timeouts.map((after, at) => [
        { path: 'human_supervision.global.timeout', before: timeouts[at - 1] ?? null, after },
      ]),
    );
  });
});

describe('a secret that is written out in a configuration', () => {
  const text = (url: string, more = '') =>
    `human_supervision:\n  notifications:\n    channels:\n      - {type: slack, webhook_url: ${url}}\n${more}`;
  const shown = async (teamId: string) => (await readTexts(scene.house.deps.prisma, [teamId]))[0]!.yaml;

  it('is shown to nobody as it is, and kept where its mask comes back (8.1)', async () => {
    const { teamId, admin } = await seedTeam(scene.house);
    await update(text('https://hooks.example/T0/secret-one'), teamId, admin);
    expect(await shown(teamId)).toBe(text('"********(1.1)"'));
    await update(await shown(teamId), teamId, admin);
    expect(await versions(teamId)).toHaveLength(1);
    const changed = (await shown(teamId)).replace('slack', 'webhook');
    await update(`# mine\n${changed}`, teamId, admin);
    const rows = await versions(teamId);
    const { prisma, vault } = scene.house.deps;
    const { projectId } = await prisma.team.findUniqueOrThrow({ where: { id: teamId } });
    expect((await fillIn(prisma, vault, projectId, rows[1]!)).yaml).toBe(
      `# mine\n${text('https://hooks.example/T0/secret-one').replace('slack', 'webhook')}`,
    );
    expect(await shown(teamId)).toContain('"********(2.1)"');
  });

  it('is stored encrypted, and nowhere in plain text; what an older version wrote is taken out at the next start (8.8)', async () => {
    const { teamId, admin } = await seedTeam(scene.house);
    const { prisma, vault, ids } = scene.house.deps;
    await update(text('https://hooks.example/T0/secret-six'), teamId, admin);
    const kept = async () => JSON.stringify([await versions(teamId), await prisma.sealedValue.findMany()]);
    expect(await kept()).not.toContain('secret-six');
    const [version] = await versions(teamId);
    const { yaml, configuration } = await fillIn(prisma, vault, admin.projectId!, version!);
    const plain = { yaml, configuration: configuration as object, secretsId: null, withheld: false };
    await prisma.supervisionConfiguration.updateMany({ where: { teamId }, data: plain });
    expect(await kept()).toContain('secret-six');
    expect(await shown(teamId)).toBe(text('"********(1.1)"'));
    const work = () => withholdPlain({ database: { prisma }, ids, vault });
    expect(await work()).toBeGreaterThan(0);
    expect(await work()).toBe(0);
    expect(await kept()).not.toContain('secret-six');
    const [again] = await versions(teamId);
    expect(await fillIn(prisma, vault, admin.projectId!, again!)).toEqual({ yaml, configuration });
  });

  it('stays out of the log (8.1, 9.2)', async () => {
    const { teamId, admin } = await seedTeam(scene.house);
    const events = await eventsOf(scene.house, () =>
      update(text('https://hooks.example/secret-two'), teamId, admin),
    );
    expect(JSON.stringify(events)).toContain('********');
    expect(JSON.stringify(events)).not.toContain('secret-two');
  });

  it("is no other team's, and no other version's", async () => {
    const { teamId, admin } = await seedTeam(scene.house);
    const other = await seedTeam(scene.house);
    await update(text('https://hooks.example/secret-three'), teamId, admin);
    for (const mask of ['"********(1.1)"', '"********(1.2)"', '"********(9.1)"'])
      expect(await refusal(update(text(mask), other.teamId, other.admin))).toBe('INVALID_INPUT');
    expect(await refusal(update(text('"********(1.2)"'), teamId))).toBe('INVALID_INPUT');
    const input = { projectId: scene.team.projectId, name: 'masked', supervision: text('"********(1.1)"') };
    expect(await refusal(createTeam(deps(), scene.team.admin, input))).toBe('INVALID_INPUT');
  });
});
