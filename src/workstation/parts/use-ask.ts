import { useCallback } from 'react';
import type { TypedDocumentString } from '../generated/graphql.ts';
import { useLiveScope } from '../live/context.tsx';
import { type Fault, faultOf } from '../live/fault.ts';
import { asQuery } from '../live/use-live.ts';

export type Answer<Data> = { kind: 'told'; data: Data } | { kind: 'failed'; fault: Fault };

/** A question that is asked when it is said, and not kept true: `const check = useAsk(CheckDocument)`. */
export function useAsk<Data, Variables>(document: TypedDocumentString<Data, Variables>) {
  const live = useLiveScope();
  return useCallback(
    async (variables: Variables): Promise<Answer<Data>> => {
      const { data, error } = await live.client
        .query<Data>(asQuery(document), variables as Record<string, unknown>, {
          requestPolicy: 'network-only',
        })
        .toPromise();
      if (error) return { kind: 'failed', fault: faultOf(error) };
      return { kind: 'told', data: data as Data };
    },
    [live, document],
  );
}
