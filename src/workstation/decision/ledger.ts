// What somebody decided since they opened the app: each from the moment that they said it, through the answer, to what
// came of it. Nothing counts as decided before the server has said so.
import { now } from '../live/clock.ts';
import type { FeedEvent } from '../live/feed.ts';
import type { Live } from '../live/live.ts';
import { createStore } from '../live/store.ts';
import { change, newKey } from '../live/use-change.ts';
import { texts } from '../texts.ts';
import { dropAllDrafts, dropDraft, drafted } from './drafts.ts';
import {
  type Decided,
  decidedIn,
  isOpen,
  sayVerdict,
  settledBy,
  type Target,
  type Verdict,
} from './verdict.ts';

export type EntryState =
  | 'sending'
  /** Nobody answers: it is sent again until somebody does. */
  | 'waiting'
  | 'done'
  /** Somebody else was quicker, or it was over. */
  | 'late'
  | 'refused'
  | 'failed';

export interface LedgerEntry {
  key: string;
  id: string;
  title: string;
  verdict: Verdict;
  state: EntryState;
  /** In the words of whoever turned it down, or what was decided instead. */
  words: string;
  /** What became of it: delivered, started, …; '' as long as nothing is known. */
  outcome: string;
  at: number;
}

export interface DecisionResult {
  state: EntryState;
  words: string;
  code: string | null;
  decided: Decided;
}

const KEPT = 50;

export const ledger = createStore<readonly LedgerEntry[]>([]);

/** Nothing of one person's is shown to the next. */
export function forgetDecisions(): void {
  ledger.set([]);
  dropAllDrafts();
}

/** Asks whoever leaves the page while something is not sent yet to an item that waits. Returns what ends that. */
export function warnOfUnsent(waits: (itemId: string) => boolean): () => void {
  const warn = (event: BeforeUnloadEvent) => {
    const unsent = ledger.get().some(({ state }) => state === 'sending' || state === 'waiting');
    if (unsent || drafted().some(waits)) event.preventDefault();
  };
  window.addEventListener('beforeunload', warn);
  return () => window.removeEventListener('beforeunload', warn);
}

const update = (key: string, more: Partial<LedgerEntry>) =>
  ledger.set(ledger.get().map((entry) => (entry.key === key ? { ...entry, ...more } : entry)));

const LATE = new Set(['ALREADY_RESOLVED', 'ALREADY_DECIDED', 'EXPIRED', 'CANCELLED']);

/** Says it, once, however often it has to be sent. */
export async function decide(
  live: Live,
  target: Target & { title: string },
  verdict: Verdict,
  viewerId: string,
): Promise<DecisionResult> {
  const key = newKey();
  const entry: LedgerEntry = {
    key,
    id: target.id,
    title: target.title,
    verdict,
    state: 'sending',
    words: '',
    outcome: '',
    at: now(),
  };
  ledger.set([entry, ...ledger.get()].slice(0, KEPT));
  const { document, variables } = sayVerdict(target, verdict, key);
  const outcome = await change(live, document, variables, {
    repeatable: true,
    onWaiting: () => update(key, { state: 'waiting' }),
  });
  const result = resultOf(outcome, viewerId);
  update(key, { state: result.state, words: result.words });
  // A claim says nothing of what is being written.
  const claims = verdict.kind === 'claim' || verdict.kind === 'release';
  if (!claims && (result.state === 'done' || result.state === 'late')) dropDraft(target.id);
  return result;
}

function resultOf(outcome: Awaited<ReturnType<typeof change>>, viewerId: string): DecisionResult {
  if (outcome.kind === 'failed')
    return { state: 'failed', words: outcome.fault.message, code: outcome.fault.code, decided: {} };
  const decided = decidedIn(outcome.data);
  if (outcome.kind === 'done') {
    const votes = decided.approval && isOpen(decided) ? votesOf(decided.approval) : '';
    return { state: 'done', words: votes, code: null, decided };
  }
  const { code, message } = outcome;
  const settled = settledBy(decided);
  if (!LATE.has(code) || settled === null || settled.id === viewerId)
    return { state: LATE.has(code) ? 'late' : 'refused', words: message, code, decided };
  return { state: 'late', words: texts.decision.someoneElse(settled.who, settled.as), code, decided };
}

const votesOf = ({ decisions, requiredApprovals }: NonNullable<Decided['approval']>): string =>
  texts.decision.votes(decisions.filter(({ verdict }) => verdict === 'APPROVE').length, requiredApprovals);

const OUTCOMES: Readonly<Record<string, string>> = {
  intervention_delivered: texts.decision.delivered,
  intervention_delivery_failed: texts.decision.deliveryFailed,
  agent_call_started: texts.decision.started,
  approval_resolved: texts.decision.settled,
};

/** What events say of what was decided. Returns what ends it. */
export const followOutcomes = (live: Live): (() => void) =>
  live.onEvent(({ type, subjectId }: FeedEvent) => {
    const outcome = OUTCOMES[type];
    if (outcome === undefined) return;
    for (const entry of ledger.get())
      if (entry.id === subjectId && entry.state === 'done') update(entry.key, { outcome });
  });
