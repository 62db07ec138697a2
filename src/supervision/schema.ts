import DataLoader from 'dataloader';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { answer } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import { Faults, MAX_NAME } from '../kernel/bounds.ts';
import { RequestError } from '../kernel/errors.ts';
import { findTeam, type TeamFields, TeamPayload } from '../projects/schema.ts';
import { agentInstructions } from './instructions.ts';
import { readInForce, readTexts } from './queries.ts';
import { updateSupervision } from './update.ts';

/** One query for all the teams that one request shows. */
const texts = new WeakMap<Context, DataLoader<string, string>>();
function textOf(teamId: string, context: Context): Promise<string> {
  let loader = texts.get(context);
  if (loader === undefined) {
    // Not kept: a mutation of the same request may change it.
    loader = new DataLoader((ids) => readTexts(context.house.prisma, ids), { cache: false });
    texts.set(context, loader);
  }
  return loader.load(teamId);
}

builder.prismaObjectField('Team', 'supervision', (t) =>
  t.string({
    description: "The supervision configuration in force, as written; '' where the team has none.",
    resolve: ({ id }, _, context) => textOf(id, context),
  }),
);

async function instructions(teamId: string, agentName: string, context: Context): Promise<string> {
  const faults = new Faults();
  faults.text(['agentName'], agentName, MAX_NAME, 1);
  if (faults.errors.length > 0) throw new RequestError('BAD_USER_INPUT', faults.errors[0]!.message);
  const team = await findTeam(teamId, context);
  if (team === null) throw new RequestError('NOT_FOUND', 'there is no such team');
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

builder.mutationField('updateSupervision', (t) =>
  t.field({
    type: TeamPayload,
    description:
      "Replaces a team's supervision configuration; a bad one is refused whole, with a line for each fault. What was " +
      'asked before keeps its terms.',
    args: {
      teamId: t.arg.id({ required: true }),
      yaml: t.arg.string({
        required: true,
        description: 'At most 256 kB; a text that says nothing takes the configuration away.',
      }),
    },
    resolve(_, { teamId, yaml }, { viewer, house }) {
      authorize(viewer, 'supervision.update');
      return answer<TeamFields>(
        'supervision updated',
        async () => ({ team: await updateSupervision(house, viewer, teamId, yaml) }),
        () => ({ team: null }),
      );
    },
  }),
);
