import { DomainError, errorCodes, type UserError } from '../kernel/errors.ts';
import { builder } from './builder.ts';

const ErrorCode = builder.enumType('ErrorCode', {
  description: 'Why the domain turned a mutation down.',
  values: errorCodes,
});

const UserErrorType = builder.objectRef<UserError>('UserError').implement({
  fields: (t) => ({
    code: t.expose('code', { type: ErrorCode }),
    message: t.exposeString('message'),
    path: t.stringList({
      nullable: true,
      description:
        "The input field meant: the argument's name, then the way within it; of an argument named `input` the way within it alone.",
      resolve: ({ path }) => path ?? null,
    }),
  }),
});

export interface Payload {
  success: boolean;
  message: string;
  errors: readonly UserError[];
}

export const MutationPayload = builder.interfaceRef<Payload>('MutationPayload').implement({
  description: 'What every mutation answers.',
  fields: (t) => ({
    success: t.exposeBoolean('success'),
    message: t.exposeString('message'),
    errors: t.field({ type: [UserErrorType], resolve: ({ errors }) => errors as UserError[] }),
  }),
});

/** A payload type: the interface's fields and what the mutation is about. */
export function payloadType<Fields extends object>(name: string) {
  return builder.objectRef<Payload & Fields>(name);
}

/**
 * Runs a verb and shows what it answers, or why it was turned down: the one place where the domain's refusals become
 * payloads. `message` may need what the verb answers. `refused` is what a refusal shows of the subject; anything but a
 * refusal goes on as an error.
 */
export async function answer<Fields extends object>(
  message: string | ((fields: Fields) => string),
  work: () => Promise<Fields>,
  refused: (refusal: DomainError) => Promise<Fields> | Fields,
): Promise<Payload & Fields> {
  try {
    const fields = await work();
    const told = typeof message === 'string' ? message : message(fields);
    return { success: true, message: told, errors: [], ...fields };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { success: false, message: error.message, errors: error.errors, ...(await refused(error)) };
  }
}
