import DataLoader from 'dataloader';
import type { Team } from '../generated/prisma/client.ts';
import { builder } from '../graphql/builder.ts';
import { connectionType, cursorArgs, pageOf } from '../graphql/connection.ts';
import type { Context } from '../graphql/context.ts';
import { answer } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import { Actor } from '../identity/schema.ts';
import { Faults, MAX_NAME } from '../kernel/bounds.ts';
import { RequestError } from '../kernel/errors.ts';
import { findTeam, type TeamFields, TeamPayload } from '../projects/schema.ts';
import { checkSupervision, type SupervisionCheck as Check } from './check.ts';
import { type ConfigurationFault, withWarnings } from './configuration.ts';
import type { SettingChange as Change } from './diff.ts';
import { agentInstructions } from './instructions.ts';
import { readInForce } from './in-force.ts';
import { readLook, type WorkstationLook as Look } from './look.ts';
import { listVersions, readTexts, type ShownVersion, type TextInForce } from './queries.ts';
import { updateSupervision } from './update.ts';

/** One query for all the teams that one request shows. */
const texts = new WeakMap<Context, DataLoader<string, TextInForce>>();
function textOf(teamId: string, context: Context): Promise<TextInForce> {
  let loader = texts.get(context);
  if (loader === undefined) {
    // Not kept: a mutation of the same request may change it.
    loader = new DataLoader((ids) => readTexts(context.house.prisma, ids), { cache: false });
    texts.set(context, loader);
  }
  return loader.load(teamId);
}

builder.prismaObjectFields('Team', (t) => ({
  supervision: t.string({
    description:
      "The supervision configuration in force, as written; '' where the team has none. A secret that is written out in it " +
      'is masked, and a mask that is sent back unchanged keeps it.',
    resolve: async ({ id }, _, context) => (await textOf(id, context)).yaml,
  }),
  supervisionVersion: t.int({
    description:
      'Of the configuration in force, a text that says nothing among them; 0 where none was ever set.',
    resolve: async ({ id }, _, context) => (await textOf(id, context)).version,
  }),
}));

/** The team, where the viewer may see it; else NOT_FOUND. */
export async function requireTeam(teamId: string, context: Context): Promise<Team> {
  const team = await findTeam(teamId, context);
  if (team === null) throw new RequestError('NOT_FOUND', 'there is no such team');
  return team;
}

async function instructions(teamId: string, agentName: string, context: Context): Promise<string> {
  const faults = new Faults();
  faults.text(['agentName'], agentName, MAX_NAME, 1);
  if (faults.errors.length > 0) throw new RequestError('BAD_USER_INPUT', faults.errors[0]!.message);
  const team = await requireTeam(teamId, context);
  const configuration = await readInForce(context.house.prisma, teamId);
  return agentInstructions({ agentName, teamName: team.name, configuration });
}

builder.queryField('agentInstructions', (t) =>
  t.string({
    description:
      "The supervision section of an agent's system prompt, made from its team's configuration and the defaults: " +
      'when and how to ask, how long people have, how calls are approved, what budgets and stops mean.',
    args: { teamId: t.arg.id({ required: true }), agentName: t.arg.string({ required: true }) },
    resolve: (_, { teamId, agentName }, context) => instructions(teamId, agentName, context),
  }),
);

const SupervisionVersion = builder.objectRef<ShownVersion>('SupervisionVersion').implement({
  description: 'What was set at one time. Never changed.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: 'From 1 on, without a gap.' }),
    yaml: t.exposeString('yaml', { description: 'As written, its secrets as masks.' }),
    setBy: t.field({ type: Actor, resolve: ({ setBy }) => setBy }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

const SupervisionVersionConnection = connectionType<ShownVersion>(
  'SupervisionVersion',
  SupervisionVersion,
  ({ version }) => String(version),
);

export const SupervisionFault = builder.objectRef<ConfigurationFault>('SupervisionFault').implement({
  description: 'One thing about a text that is wrong, or that nothing obeys. Lines and columns count from 1.',
  fields: (t) => ({
    path: t.exposeStringList('path'),
    line: t.exposeInt('line'),
    column: t.exposeInt('column'),
    message: t.exposeString('message', { description: 'A whole sentence, place and all.' }),
  }),
});

const SettingChange = builder.objectRef<Change>('SettingChange').implement({
  description:
    'One setting that a text has otherwise than the one in force; null: not set. Secrets as masks.',
  fields: (t) => ({
    path: t.exposeString('path'),
    before: t.field({ type: 'JSON', nullable: true, resolve: ({ before }) => before }),
    after: t.field({ type: 'JSON', nullable: true, resolve: ({ after }) => after }),
  }),
});

const SupervisionCheck = builder.objectRef<Check>('SupervisionCheck').implement({
  fields: (t) => ({
    version: t.exposeInt('version', { description: 'In force, what the changes are counted from; 0: none.' }),
    faults: t.field({
      type: [SupervisionFault],
      description: 'What it would be refused for, in the order of the text: the first hundred.',
      resolve: ({ faults }) => faults,
    }),
    warnings: t.field({
      type: [SupervisionFault],
      description: 'What it says and nothing obeys; empty where it has faults.',
      resolve: ({ warnings }) => warnings,
    }),
    changes: t.field({
      type: [SettingChange],
      description: 'In the order of their paths; empty where it has faults.',
      resolve: ({ changes }) => changes,
    }),
  }),
});

builder.queryFields((t) => ({
  supervisionVersions: t.field({
    type: SupervisionVersionConnection,
    description: "A team's configurations, newest first: the first is in force.",
    args: { teamId: t.arg.id({ required: true }), ...cursorArgs(t.arg) },
    async resolve(_, { teamId, ...args }, context) {
      const page = pageOf(args);
      if (page.kind === 'offset') throw new Error('versions are not paged by number');
      const { id } = await requireTeam(teamId, context);
      return listVersions(context.house.prisma, id, page);
    },
  }),
  checkSupervision: t.field({
    type: SupervisionCheck,
    description:
      'What updateSupervision would say to this text, and what it would change. Records nothing. For an ADMIN.',
    args: { teamId: t.arg.id({ required: true }), yaml: t.arg.string({ required: true }) },
    async resolve(_, { teamId, yaml }, context) {
      authorize(context.viewer, 'supervision.update');
      return checkSupervision(context.house, context.viewer, await requireTeam(teamId, context), yaml);
    },
  }),
}));

builder.mutationField('updateSupervision', (t) =>
  t.field({
    type: TeamPayload,
    description:
      "Replaces a team's supervision configuration; a bad one is refused whole, with a line for each fault. What was " +
      'asked before keeps its terms. The message has a line for each setting that nothing obeys.',
    args: {
      teamId: t.arg.id({ required: true }),
      yaml: t.arg.string({
        required: true,
        description: 'At most 256 kB; a text that says nothing takes the configuration away.',
      }),
      baseVersion: t.arg.int({
        description:
          'The version that the text was made from (supervisionVersion): INVALID_STATE where another one is in force.',
      }),
    },
    resolve(_, { teamId, yaml, baseVersion }, { viewer, house }) {
      authorize(viewer, 'supervision.update');
      return answer<TeamFields>(
        () => withWarnings('supervision updated', yaml, house.supervisionEnvironment),
        async () => ({ team: await updateSupervision(house, viewer, teamId, yaml, baseVersion) }),
        () => ({ team: null }),
      );
    },
  }),
);

const WorkstationLook = builder.objectRef<Look>('WorkstationLook').implement({
  description: 'What a configuration says of the look of the workstation (ui_customization).',
  fields: (t) => ({
    theme: t.exposeString('theme', { nullable: true, description: '"light" or "dark".' }),
    logo: t.exposeString('logo', { nullable: true, description: 'A data: address of an image.' }),
    primaryColor: t.exposeString('primaryColor', { nullable: true, description: '#rgb or #rrggbb.' }),
    secondaryColor: t.exposeString('secondaryColor', { nullable: true, description: '#rgb or #rrggbb.' }),
  }),
});

builder.queryField('workstationLook', (t) =>
  t.field({
    type: WorkstationLook,
    description:
      'Of the first team that says so, of your project, or of the only one there is; null: as the workstation comes.',
    resolve(_, __, { viewer, house }) {
      authorize(viewer, 'project.read');
      return readLook(house.prisma, viewer.projectId, house.supervisionEnvironment);
    },
  }),
);
