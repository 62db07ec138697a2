import { useCallback } from 'react';
import type { TypedDocumentString } from '../generated/graphql.ts';
import { chance, now } from './clock.ts';
import { useLiveScope } from './context.tsx';
import { type Fault, faultOf, mayPass, retryAfterOf } from './fault.ts';
import type { Live } from './live.ts';
import { askedToWait, retryDelay, waitToRetry } from './retry.ts';
import { asQuery } from './use-live.ts';

/** What every payload of a mutation has. */
interface Payload {
  success: boolean;
  message: string;
  errors: readonly { code: string; message: string; path?: readonly string[] | null }[];
}

export type ChangeOutcome<Data> =
  | { kind: 'done'; data: Data }
  /** The domain turned it down and changed nothing; the payload says how things stand. */
  | { kind: 'refused'; data: Data; code: string; message: string; errors: Payload['errors'] }
  /** It was not understood or not allowed at all, or the server failed. */
  | { kind: 'failed'; fault: Fault };

export interface ChangeOptions {
  /**
   * It may be said again: it has an idempotency key, or the API answers its repeat with the first result. Where nobody
   * answers, or not now, it is then sent until somebody does, and `onWaiting` is told once that it takes longer.
   */
  repeatable?: boolean;
  onWaiting?: () => void;
  signal?: AbortSignal;
}

/** A new idempotency key. */
export const newKey = (): string => crypto.randomUUID();

/** Tries at once; a mutation has exactly one field. */
export async function change<Data, Variables>(
  live: Live,
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  { repeatable = false, onWaiting, signal }: ChangeOptions = {},
): Promise<ChangeOutcome<Data>> {
  for (let attempt = 0; ; attempt += 1) {
    const { data, error } = await live.client
      .mutation(asQuery(document), variables as Record<string, unknown>)
      .toPromise();
    if (data) return outcomeOf(data as Data);
    if (!error) return { kind: 'failed', fault: { code: 'UNEXPECTED', message: '', requestId: null } };
    if (!repeatable || !mayPass(error) || signal?.aborted) return { kind: 'failed', fault: faultOf(error) };
    if (attempt === 0) onWaiting?.();
    const asked = askedToWait(retryAfterOf(error), now());
    // A little more than was asked for: whoever was told the same does not come back at the same instant.
    if (asked > 0) await waitToRetry(asked + retryDelay(0, chance()), asked);
    else await waitToRetry(retryDelay(attempt, chance()));
    // Whoever gave it up meanwhile did not ask for it to be sent once more.
    if (signal?.aborted) return { kind: 'failed', fault: faultOf(error) };
  }
}

function outcomeOf<Data>(data: Data): ChangeOutcome<Data> {
  const payload = Object.values(data as object)[0] as Payload;
  if (payload.success) return { kind: 'done', data };
  const { code, message } = payload.errors[0] ?? { code: 'UNEXPECTED', message: payload.message };
  return { kind: 'refused', data, code, message, errors: payload.errors };
}

/** `const decide = useChange(ResolveDocument)`: then `await decide(variables, { repeatable: true })`. */
export function useChange<Data, Variables>(document: TypedDocumentString<Data, Variables>) {
  const live = useLiveScope();
  return useCallback(
    (variables: Variables, options?: ChangeOptions) => change(live, document, variables, options),
    [live, document],
  );
}
