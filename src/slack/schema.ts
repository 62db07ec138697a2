import { builder } from '../graphql/builder.ts';
import { connectionType, pageArgs, pageOf } from '../graphql/connection.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import { linkSlackUser } from './link.ts';
import { listSlackUsers, type ShownSlackUser } from './queries.ts';
import { projectOf } from './scope.ts';
import { unlinkSlackUser } from './unlink.ts';

const SlackUser = builder.objectRef<ShownSlackUser>('SlackUser').implement({
  description:
    "A Slack user whose clicks count as a person's: with the role, the project and the end of an API key.",
  fields: (t) => ({
    id: t.exposeID('id'),
    slackTeamId: t.exposeID('slackTeamId', { description: 'The workspace.' }),
    slackUserId: t.exposeID('slackUserId'),
    apiKeyId: t.exposeID('apiKeyId'),
    projectId: t.id({ nullable: true, description: 'Null: every project.', resolve: projectOf }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

const SlackUserConnection = connectionType<ShownSlackUser>('SlackUser', SlackUser, ({ id }) => id);

builder.queryField('slackUsers', (t) =>
  t.field({
    type: SlackUserConnection,
    description: 'Newest first. For an ADMIN.',
    args: { projectId: t.arg.id(), ...pageArgs(t.arg) },
    resolve(_, { projectId, ...page }, { viewer, house }) {
      authorize(viewer, 'key.manage');
      return listSlackUsers(house.database.query, viewer, projectId ?? null, pageOf(page));
    },
  }),
);

const LinkSlackUserInput = builder.inputType('LinkSlackUserInput', {
  description: 'A click of somebody who is not linked is answered with their slackTeamId and slackUserId.',
  fields: (t) => ({
    slackTeamId: t.id({ required: true }),
    slackUserId: t.id({ required: true }),
    apiKeyId: t.id({ required: true, description: "A person's key, neither revoked nor expired." }),
    idempotencyKey: t.string(),
  }),
});

type Fields = { slackUser: ShownSlackUser | null };
const SlackUserPayload = payloadType<Fields>('SlackUserPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    slackUser: t.field({ type: SlackUser, nullable: true, resolve: ({ slackUser }) => slackUser }),
  }),
});

builder.mutationFields((t) => ({
  linkSlackUser: t.field({
    type: SlackUserPayload,
    description:
      "Lets a Slack user's clicks count as those of the person whose key this is. In each project a Slack user has one " +
      'key; another one takes its place. For an ADMIN.',
    args: { input: t.arg({ type: LinkSlackUserInput, required: true }) },
    resolve(_, { input }, { viewer, house }) {
      authorize(viewer, 'key.manage');
      return answer<Fields>(
        'Slack user linked',
        async () => ({ slackUser: await linkSlackUser(house, viewer, input) }),
        () => ({ slackUser: null }),
      );
    },
  }),
  unlinkSlackUser: t.field({
    type: SlackUserPayload,
    description: 'From now on the Slack user answers nothing there. For an ADMIN.',
    args: { id: t.arg.id({ required: true }) },
    resolve(_, { id }, { viewer, house }) {
      authorize(viewer, 'key.manage');
      return answer<Fields>(
        'Slack user unlinked',
        async () => ({ slackUser: await unlinkSlackUser(house, viewer, id) }),
        () => ({ slackUser: null }),
      );
    },
  }),
}));
