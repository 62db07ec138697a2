import { describe, expect, test } from 'vitest';
import { createStandingApproval } from '../../src/standing/create.ts';
import { roleFaults } from '../../src/identity/team-roles.ts';
import { actions, can, roles } from '../../src/identity/permissions.ts';
import { redeliverNotification } from '../../src/notifications/redeliver.ts';
import { readConfiguration } from '../../src/supervision/configuration.ts';
import { noEnvironment } from '../../src/supervision/from-environment.ts';
import { updateSupervision } from '../../src/supervision/update.ts';
import { approvalActs } from '../approvals/acts.ts';
import {
  type House,
  openHouse,
  refusal,
  refusedWithoutTrace,
  seedTeam,
  type Team,
  verbs,
} from '../support/house.ts';
import { onPostgres } from '../support/database.ts';
import { option, withHouse } from '../support/with-house.ts';

const { scene, intervention, database } = withHouse();

type Listed = Record<string, readonly string[]>;
const yamlOf = (listed: Listed, authorization: object = {}, supervision: object = {}) =>
  JSON.stringify({
    human_supervision: {
      ...supervision,
      security: {
        authorization: {
          roles: Object.entries(listed).map(([name, permissions]) => ({ name, permissions })),
          ...authorization,
        },
      },
    },
  });

/** A team of its own, with what it says of roles. */
async function desk(listed: Listed, ...more: [object?, object?]) {
  const team = await seedTeam(scene.house);
  const set = (yaml: string) =>
    updateSupervision(
      { ...scene.house.deps, supervisionEnvironment: noEnvironment },
      team.admin,
      team.teamId,
      yaml,
    );
  await set(yamlOf(listed, ...more));
  const act = { ...verbs(scene.house, team), ...approvalActs(scene.house, team), set };
  return { team, act, asked: async (input = {}) => act.ask(await act.start(), input) };
}
const forbidden = (attempt: () => Promise<unknown>) => refusedWithoutTrace(scene.house, 'FORBIDDEN', attempt);
const grant = ({ deps }: House, team: Team, approvalId: string, by = team.operator) =>
  createStandingApproval({ ...deps, wakeSweeps: () => {} } as never, by, {
    approvalId,
    maximumUses: 5,
    maximumCost: '10',
    expiresAt: new Date(deps.clock.now().getTime() + 3_600_000),
  });

describe('a role that a team lists (8.2)', () => {
  test('has there what is listed, and nothing else of what people do about its items', async () => {
    const { act, asked, team } = await desk({ Operator: ['intervention.resolve'] });
    const [id, own, other] = [
      await asked(),
      await asked(),
      await asked({ options: [option('up', { category: 'ESCALATION' })] }),
    ];
    await act.claim(id);
    await act.resolve(id);
    await forbidden(() => act.escalate(own));
    await forbidden(() => act.respond(own, { responseType: 'escalate' }));
    await forbidden(() => act.select(other, { optionId: 'up' }));
    const call = await act.request(await act.start());
    await forbidden(() => act.vote(call));
    await forbidden(() => act.vote(call, { verdict: 'REJECT', reason: 'no' }));
    await forbidden(() => grant(scene.house, team, call));
    // Those that are not listed have all that 2.3 gives them.
    await act.vote(call, {}, team.supervisor);
    await act.escalate(own, {}, team.supervisor);
    expect(await intervention(own)).toMatchObject({ escalationLevel: 1 });
  });

  test('may not answer where it only escalates, by whichever door', async () => {
    const { act, asked } = await desk({ operator: ['intervention.escalate', 'session.resume'] });
    const id = await asked({ options: [option('a')] });
    await forbidden(() => act.resolve(id));
    await forbidden(() => act.resolve(id, { resolutionType: 'REJECT' }));
    await forbidden(() => act.select(id, { optionId: 'a' }));
    await forbidden(() => act.respond(id));
    await forbidden(() => act.claim(id));
    const { sessionId } = await intervention(id);
    await act.resume(sessionId);
    expect(await intervention(id)).toMatchObject({ status: 'RESOLVED' });
    const { act: there, asked: askedThere } = await desk({ operator: ['intervention.resolve'] });
    const { sessionId: session } = await intervention(await askedThere());
    await forbidden(() => there.resume(session));
  });

  test('overrides only where it is listed', async () => {
    const { act, asked, team } = await desk({
      supervisor: ['intervention.resolve', 'intervention.escalate'],
    });
    const id = await asked({ options: [option('a', { disabled: true })] });
    expect(await refusal(act.select(id, { optionId: 'a' }, team.supervisor))).toBe('OPTION_DISABLED');
    await act.claim(id, team.colleague);
    await forbidden(() => act.resolve(id, {}, team.supervisor));
    await forbidden(() => act.release(id, team.supervisor));
    await act.resolve(id, {}, team.manager);
  });

  test('grants standing approvals only where it may approve, and redelivers only where it is listed', async () => {
    const listed = { operator: ['approval.grant'], supervisor: ['approval.respond', 'approval.grant'] };
    const { act, team } = await desk(listed);
    const call = await act.request(await act.start());
    await forbidden(() => grant(scene.house, team, call));
    await grant(scene.house, team, call, team.supervisor);
    const { deps } = scene.house;
    const data = {
      id: deps.ids.next('delivery'),
      projectId: team.projectId,
      teamId: team.teamId,
      version: 1,
      place: 0,
      channel: 'EMAIL',
      name: 'intervention_required',
      eventId: deps.ids.next('event'),
      eventPosition: 1n,
      subjectId: call,
      destination: 'here',
      critical: false,
      status: 'DEAD',
      createdAt: deps.clock.now(),
    } as const;
    await deps.prisma.notificationDelivery.create({ data });
    const again = (by = team.supervisor) => redeliverNotification({ ...deps, database: deps }, by, data.id);
    expect(await refusal(again())).toBe('FORBIDDEN');
    expect(await again(team.manager)).toMatchObject({ status: 'PENDING' });
  });

  test('is narrowed in that team alone, and only while its configuration says so, on every replica', async () => {
    const { act, asked, team } = await desk({ operator: [] });
    const id = await asked();
    const house = onPostgres ? openHouse(await database().replica(), database().clock) : scene.house;
    const elsewhere = verbs(house, team);
    await forbidden(() => elsewhere.resolve(id));
    await scene.act.resolve(await scene.act.ask(await scene.act.start()), {}, scene.team.operator);
    await act.set(yamlOf({ operator: [] }, { rbac_enabled: false }));
    await elsewhere.claim(id);
    await act.set(yamlOf({ operator: [] }));
    await forbidden(() => elsewhere.resolve(id));
    // Giving up what one has claimed harms nobody.
    await elsewhere.release(id);
    await act.set(yamlOf({ operator: [] }, {}, { enabled: false }));
    await elsewhere.claim(id);
    await act.set(yamlOf({ admin: ['*'], operator: ['intervention.resolve'] }));
    await elsewhere.resolve(id);
  });
});

describe('the roles of a configuration (8.2)', () => {
  const faults = (yaml: string) => {
    const reading = readConfiguration(yaml);
    return reading.ok ? [] : reading.faults.map(({ message }) => message);
  };
  const listing = (name: string, ...permissions: string[]) => `human_supervision:
  security:
    authorization:
      roles:
        - name: ${name}
          permissions:
${permissions.map((permission) => `            - "${permission}"`).join('\n')}
`;

  test('widen nothing: what a role has not is a fault, with its place', () => {
    expect(faults(listing('operator', 'intervention.resolve', 'intervention.override'))).toEqual([
      "human_supervision.security.authorization.roles.0.permissions.1 must be one that OPERATOR has: a team's roles narrow, and widen nothing (2.3, 8.2) (line 8, column 15)",
    ]);
    expect(faults(listing('supervisor', '*'))).toHaveLength(1);
    expect(faults(listing('agent', 'intervention.resolve'))).toHaveLength(1);
    expect(faults(listing('auditor', 'log.read'))).toEqual([
      'human_supervision.security.authorization.roles.0.permissions.0 must be a permission, such as intervention.claim (line 7, column 15)',
    ]);
    expect(faults(listing('admin', '*'))).toEqual([]);
  });

  test('may list, for each role, exactly what 2.3 gives it', () => {
    for (const role of roles)
      for (const action of actions) {
        const found = roleFaults({ name: role, permissions: [action] });
        expect([role, action, found.length]).toEqual([
          role,
          action,
          can({ role, projectId: null }, action) ? 0 : 1,
        ]);
      }
  });

  test('are named once, and are told where nothing comes of them', () => {
    const twice =
      listing('operator', 'intervention.resolve') + '        - name: OPERATOR\n          permissions: []\n';
    expect(faults(twice)).toHaveLength(1);
    const told = (name: string, ...permissions: string[]) => {
      const reading = readConfiguration(
        listing(name, ...(permissions.length > 0 ? permissions : ['project.read'])),
      );
      return reading.ok ? reading.warnings.map(({ message }) => message) : reading.faults;
    };
    expect(told('auditor')).toEqual([expect.stringContaining('names a role that nobody holds')]);
    expect(told('viewer')).toEqual([expect.stringContaining('narrows nothing')]);
    // As the published examples have it: they know of no approvals.
    expect(told('operator', 'intervention.resolve', 'intervention.escalate')).toEqual([
      expect.stringContaining('takes session.resume, approval.respond, approval.grant from OPERATOR'),
    ]);
    const all = ['intervention.resolve', 'session.resume', 'approval.respond'];
    expect(told('operator', ...all)).toEqual([]);
  });
});
