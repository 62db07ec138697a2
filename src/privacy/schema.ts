import { builder } from '../graphql/builder.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import { DomainError, RequestError } from '../kernel/errors.ts';
import { type Erased, erasePerson } from './erase-person.ts';
import { exportPerson, type PersonalPage, type PersonalRecord } from './export-person.ts';

const PersonalRecordType = builder.objectRef<PersonalRecord>('PersonalRecord').implement({
  description: 'One thing that a person said or did, or that is kept of them.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: 'person, api_key, intervention_answered, vote, event, …' }),
    value: t.expose('value', { type: 'JSON', nullable: true }),
  }),
});

const PersonalDataPage = builder.objectRef<PersonalPage>('PersonalDataPage').implement({
  fields: (t) => ({
    records: t.field({ type: [PersonalRecordType], resolve: ({ records }) => records }),
    next: t.exposeString('next', {
      nullable: true,
      description: 'Where to go on (`after`); null at the end.',
    }),
  }),
});

builder.queryField('personalData', (t) =>
  t.field({
    type: PersonalDataPage,
    description: 'Everything that a person said or did, unmasked, page by page.',
    args: {
      userId: t.arg.id({ required: true }),
      first: t.arg.int({ defaultValue: 100, description: '1 to 1,000.' }),
      after: t.arg.string(),
    },
    async resolve(_, { userId, first, after }, { viewer, house }) {
      authorize(viewer, 'privacy.manage');
      try {
        return await exportPerson(house, viewer, userId, { first: first ?? 100, after: after ?? null });
      } catch (error) {
        // A query has no payload to refuse in.
        if (!(error instanceof DomainError)) throw error;
        throw new RequestError(error.code === 'NOT_FOUND' ? 'NOT_FOUND' : 'BAD_USER_INPUT', error.message);
      }
    },
  }),
);

type ErasedFields = { erased: Erased | null };

const ErasePersonPayload = payloadType<ErasedFields>('ErasePersonPayload');
ErasePersonPayload.implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    events: t.int({
      nullable: true,
      description: 'Events of the log whose contents were taken away; their digests stay.',
      resolve: ({ erased }) => erased?.events ?? null,
    }),
  }),
});

builder.mutationField('erasePerson', (t) =>
  t.field({
    type: ErasePersonPayload,
    description:
      'Takes away who a person is and what they said, for good. What was decided stays decided, and the log still verifies. ' +
      'Their API keys are to be revoked first.',
    args: { userId: t.arg.id({ required: true }) },
    resolve(_, { userId }, { viewer, house }) {
      authorize(viewer, 'privacy.manage');
      return answer<ErasedFields>(
        'person erased',
        async () => ({ erased: await erasePerson(house, viewer, userId) }),
        () => ({ erased: null }),
      );
    },
  }),
);
