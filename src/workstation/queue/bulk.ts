// Which of many selected items one answer may go to (never a form, never CRITICAL, never two kinds at once), and why not to
// the others. Pure.
import type { Item } from './item.ts';

export type BulkVerb = 'approve' | 'reject' | 'claim';
export type LeftOut =
  | 'critical'
  | 'form'
  | 'frozen'
  | 'claimed'
  | 'role'
  | 'voted'
  | 'over'
  | 'kind'
  | 'unknown';

/** What was found of a selected item when it was looked at; null: it could not be. */
export interface Looked {
  item: Item;
  /** Its answer takes a form, a signature or a team's own fields, or it must be read and edited by itself. */
  form: boolean;
  /** Its team wants a reason with every answer. */
  needsReason: boolean;
  /** What consent would be to; approvals of calls. */
  actionDigest?: string;
}

export interface BulkPlan {
  will: Looked[];
  left: { item: Item; why: LeftOut }[];
}

export interface Answering {
  viewerId: string;
  has(role: string): boolean;
}

/** The kinds among these, the most frequent first. */
export function kindsOf(items: readonly Item[]): { type: Item['type']; count: number }[] {
  const counts = new Map<Item['type'], number>();
  for (const { type } of items) counts.set(type, (counts.get(type) ?? 0) + 1);
  return Array.from(counts, ([type, count]) => ({ type, count })).sort((a, b) => b.count - a.count);
}

export const verbsFor = (item: Item): readonly BulkVerb[] =>
  item.kind === 'intervention' ? ['approve', 'reject', 'claim'] : ['approve', 'reject'];

/** `looked` in the order of the selection; `over` are those that wait no more, `unknown` those that nobody answered for. */
export function planBulk(
  verb: BulkVerb,
  looked: readonly Looked[],
  gone: { over: readonly Item[]; unknown: readonly Item[] },
  answering: Answering,
): BulkPlan {
  const type = looked[0]?.item.type;
  const plan: BulkPlan = {
    will: [],
    left: [
      ...gone.over.map((item) => ({ item, why: 'over' as const })),
      ...gone.unknown.map((item) => ({ item, why: 'unknown' as const })),
    ],
  };
  for (const each of looked) {
    const why = each.item.type === type ? whyNot(verb, each, answering) : 'kind';
    if (why === null) plan.will.push(each);
    else plan.left.push({ item: each.item, why });
  }
  return plan;
}

function whyNot(verb: BulkVerb, { item, form }: Looked, { viewerId, has }: Answering): LeftOut | null {
  if (!has(item.requiredRole === 'AGENT' ? 'OPERATOR' : item.requiredRole)) return 'role';
  if (item.claimedBy !== null && item.claimedBy.id !== viewerId) return 'claimed';
  if (verb === 'claim') return null;
  if (item.urgency === 'CRITICAL') return 'critical';
  if (form) return 'form';
  if (item.frozen && verb === 'approve') return 'frozen';
  if (item.votes.includes(viewerId)) return 'voted';
  return null;
}
