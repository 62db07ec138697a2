import type { TypedDocumentNode } from '@urql/core';
import { useEffect, useEffectEvent, useMemo, useState } from 'react';
import { useQuery } from 'urql';
import type { TypedDocumentString } from '../generated/graphql.ts';
import { useLiveScope } from './context.tsx';
import { type Fault, faultOf } from './fault.ts';
import type { FeedEvent } from './feed.ts';

export interface LiveOptions<Data> {
  /** Which events may change the answer (the present one is there to ask); it is read again soon after one. Left out: none. */
  on?: (event: FeedEvent, data: Data | undefined) => boolean;
  /** Not yet: something that the variables need is not known. */
  pause?: boolean;
}

export interface LiveAnswer<Data> {
  /** The last answer, also while it is being read again and where reading it again failed. */
  data: Data | undefined;
  /** Why there is no newer answer. */
  fault: Fault | null;
  loading: boolean;
  read(): void;
}

/** Milliseconds: events that come closer together than this are one reason to read again. */
const TOGETHER = 250;

export const asQuery = <Data, Variables>(document: TypedDocumentString<Data, Variables>) =>
  document.toString() as unknown as TypedDocumentNode<Data, Record<string, unknown>>;

/** An answer of the API that stays true: read again when something in it may have changed, and after a lost connection. */
export function useLive<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  { on, pause = false }: LiveOptions<Data> = {},
): LiveAnswer<Data> {
  const live = useLiveScope();
  const [{ data, error, fetching, stale }, execute] = useQuery<Data, Record<string, unknown>>({
    query: asQuery(document),
    variables: variables as Record<string, unknown>,
    pause,
  });
  const read = useEffectEvent(() => {
    if (!pause) execute({ requestPolicy: 'network-only' });
  });
  const matches = useEffectEvent((event: FeedEvent) => on?.(event, data) === true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        read();
      }, TOGETHER);
    };
    const offEvent = live.onEvent((event) => {
      if (matches(event)) soon();
    });
    const offRefresh = live.onRefresh(() => read());
    return () => {
      clearTimeout(timer);
      offEvent();
      offRefresh();
    };
  }, [live]);
  const kept = useLast(data, JSON.stringify(variables));
  const fault = useMemo(() => (error ? faultOf(error) : null), [error]);
  return {
    data: data ?? kept,
    fault,
    loading: fetching || stale,
    read: () => execute({ requestPolicy: 'network-only' }),
  };
}

/** What a value was before it went missing, as long as it is the same thing that is asked for. */
function useLast<Value>(value: Value | undefined, of: string): Value | undefined {
  const [last, setLast] = useState({ of, value });
  if (last.of !== of || (value !== undefined && value !== last.value)) setLast({ of, value });
  return value ?? (last.of === of ? last.value : undefined);
}
