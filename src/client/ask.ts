import type { Connection } from './connection.ts';
import { acknowledge, decided, requestIntervention } from './documents.ts';
import { HoldpointError } from './errors.ts';
import type { ClientDecisionQuery, RequestInterventionInput } from './generated/graphql.ts';
import { accepted } from './payload.ts';
import { untilSettled } from './wait.ts';

/** As the API's `RequestInterventionInput`; `timeout` in seconds. */
export interface Question extends RequestInterventionInput {
  /** Gives the wait up, not the question: the person may still answer, and `decision` finds it. */
  signal?: AbortSignal;
}

type Settled = NonNullable<ClientDecisionQuery['intervention']>;

/** What came of a question. */
export interface Decision extends Omit<Settled, 'status'> {
  /** RESOLVED: by a person, or by the clock where the team lets it; TIMEOUT, CANCELLED: by nobody. */
  status: 'RESOLVED' | 'TIMEOUT' | 'CANCELLED';
  /** The chosen option's value, what the form was filled in with, or the words; null: there is no answer. */
  value: unknown;
}

/**
 * Asks, and waits for the decision. With an `idempotencyKey` the same question asked again, by whatever process, waits
 * for the same decision, also where it has been made; without one, each call asks anew.
 */
export async function ask(connection: Connection, { signal, ...input }: Question): Promise<Decision> {
  const idempotencyKey = input.idempotencyKey ?? crypto.randomUUID();
  const { requestIntervention: asked } = await connection.request(
    requestIntervention,
    { input: { ...input, idempotencyKey } },
    { signal, repeatable: true },
  );
  return decision(connection, accepted(asked).intervention!.id, signal);
}

/** Waits for the decision of what was asked before. */
export async function decision(
  connection: Connection,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Decision> {
  const found = await untilSettled(connection, {
    id,
    read: decided,
    signal,
    settled({ intervention }) {
      if (intervention === null || intervention === undefined)
        throw new HoldpointError('NOT_FOUND', `there is no intervention ${id} to be seen`);
      return intervention.status === 'PENDING' ? null : intervention;
    },
  });
  const { humanResponse: response, status } = found;
  // Told to the person who decided, and lost with this process at the worst: the decision itself is here.
  if (response !== null && response !== undefined)
    connection.request(acknowledge, { id }, { repeatable: true, outlastsClose: true }).catch(() => {});
  return {
    ...found,
    status: status as Decision['status'],
    value: response?.selectedOption?.value ?? response?.answer ?? response?.content ?? null,
  };
}
