// Keeps the queue true: reads all of it, page by page, and again after a lost connection; in between, whatever an event
// spoke of.
import type { FeedEvent } from '../live/feed.ts';
import type { Live } from '../live/live.ts';
import { chance } from '../live/clock.ts';
import { type Fault, faultOf } from '../live/fault.ts';
import { retryDelay, waitToRetry } from '../live/retry.ts';
import { createStore, type Store } from '../live/store.ts';
import {
  QueueApprovalsDocument,
  QueueInterventionsDocument,
  QueueItemDocument,
  type QueueItemQuery,
} from '../generated/graphql.ts';
import { type Item, itemOfApproval, itemOfIntervention } from './item.ts';
import { type Found, Queue } from './queue.ts';

export interface QueueState {
  items: readonly Item[];
  /** How many of what waits have been read, of how many; null: all of it. */
  progress: { read: number; of: number } | null;
  fault: Fault | null;
}

export interface QueueReader {
  state: Store<QueueState>;
  /** One that somebody just decided, or found decided: its newest state is read at once. */
  look(id: string): void;
  close(): void;
}

/** Milliseconds: what comes closer together than this is shown at once, and read together. */
const TOGETHER = 80;
/** While all of it is being read: arranging thousands anew for each hundred would take longer than reading them. */
const TOGETHER_AT_FIRST = 400;
/** Single reads that are on their way at once. */
const AT_ONCE = 8;

export const isQueued = (id: string): boolean => /^(intervention|approval)_/.test(id);

export function openQueue(live: Live, onFresh: (items: readonly Item[]) => void): QueueReader {
  const queue = new Queue();
  const state = createStore<QueueState>({ items: [], progress: { read: 0, of: 0 }, fault: null });
  const asked = new Set<string>();
  /** How often an item could not be read, one time after the other. */
  const failures = new Map<string, number>();
  let closed = false;
  let pass = 0;
  let complete = false;
  let showing: ReturnType<typeof setTimeout> | undefined;
  let looking: ReturnType<typeof setTimeout> | undefined;

  const show = (more: Partial<QueueState>) => state.set({ ...state.get(), ...more, items: queue.items });
  const showSoon = () => {
    showing ??= setTimeout(
      () => {
        showing = undefined;
        show({});
      },
      complete ? TOGETHER : TOGETHER_AT_FIRST,
    );
  };

  /** All of it. A newer pass ends an older one. */
  async function readAll(): Promise<void> {
    pass += 1;
    const mine = pass;
    const first = queue.begin();
    const going = () => !closed && pass === mine;
    const counts = { interventions: 0, approvals: 0, read: 0 };
    const took = (found: readonly Found[]) => {
      counts.read += found.length;
      const of = Math.max(counts.read, counts.interventions + counts.approvals);
      if (!complete) state.set({ ...state.get(), progress: { read: counts.read, of } });
      showSoon();
    };

    async function pages(
      read: (after: string | null) => Promise<{ next: string | null; found: Found[] } | Fault>,
    ): Promise<void> {
      let after: string | null = null;
      for (let attempt = 0; going(); ) {
        const number = queue.begin();
        const page = await read(after);
        if (!going()) return;
        if ('code' in page) {
          show({ fault: page });
          await waitToRetry(retryDelay(attempt, chance()));
          attempt += 1;
          continue;
        }
        attempt = 0;
        queue.take(number, page.found);
        took(page.found);
        if (page.next === null) return;
        after = page.next;
      }
    }

    await Promise.all([
      pages(async (after) => {
        const counted = after === null;
        const { data, error } = await live.read(QueueInterventionsDocument, { after, counted });
        if (!data) return error ? faultOf(error) : UNEXPECTED;
        const { nodes, pageInfo, totalCount } = data.interventions;
        counts.interventions = totalCount ?? counts.interventions;
        const found = nodes.map((node) => ({ id: node.id, item: itemOfIntervention(node) }));
        return { found, next: pageInfo.hasNextPage ? pageInfo.endCursor : null };
      }),
      pages(async (after) => {
        const counted = after === null;
        const { data, error } = await live.read(QueueApprovalsDocument, { after, counted });
        if (!data) return error ? faultOf(error) : UNEXPECTED;
        const { nodes, pageInfo, totalCount } = data.approvals;
        counts.approvals = totalCount ?? counts.approvals;
        const found = nodes.map((node) => ({ id: node.id, item: itemOfApproval(node) }));
        return { found, next: pageInfo.hasNextPage ? pageInfo.endCursor : null };
      }),
    ]);
    if (!going()) return;
    complete = true;
    queue.sweep(first);
    show({ progress: null, fault: null });
  }

  function look(id: string): void {
    asked.add(id);
    looking ??= setTimeout(() => void lookAtAll(), TOGETHER);
  }

  async function lookAtAll(): Promise<void> {
    while (asked.size > 0 && !closed) {
      const ids = [...asked].slice(0, AT_ONCE);
      for (const id of ids) asked.delete(id);
      const number = queue.begin();
      const found = await Promise.all(ids.map(readOne));
      const known = found.filter((each) => each !== null);
      const fresh = queue.take(number, known);
      if (complete && fresh.length > 0) onFresh(fresh);
      showSoon();
    }
    looking = undefined;
  }

  /** null: nobody could say. It is asked for again: only an answer without a fault says that an item waits no more. */
  async function readOne(id: string): Promise<Found | null> {
    const { data, error } = await live.read(QueueItemDocument, {
      id,
      asked: id.startsWith('intervention_'),
    });
    if (data && !error) {
      failures.delete(id);
      return { id, item: itemOf(data) };
    }
    const failed = failures.get(id) ?? 0;
    failures.set(id, failed + 1);
    void waitToRetry(retryDelay(failed, chance())).then(() => {
      if (!closed) look(id);
    });
    return null;
  }

  const onEvent = ({ subjectId }: FeedEvent) => {
    if (isQueued(subjectId)) look(subjectId);
  };
  const off = [live.onEvent(onEvent), live.onRefresh(() => void readAll())];
  void readAll();
  return {
    state,
    look,
    close() {
      closed = true;
      clearTimeout(showing);
      clearTimeout(looking);
      for (const each of off) each();
    },
  };
}

const UNEXPECTED: Fault = { code: 'UNEXPECTED', message: '', requestId: null };

function itemOf({ intervention, approval }: QueueItemQuery): Item | null {
  if (intervention?.status === 'PENDING') return itemOfIntervention(intervention);
  return approval?.status === 'PENDING' ? itemOfApproval(approval) : null;
}
